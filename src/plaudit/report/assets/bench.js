// Puts the boards of benchmark runs on the page. Text goes in through textContent alone.
"use strict";
(() => {
  const { h, fmt, count, plural, scroll, head, header, fact, legend, chart, fitCharts } = kit;
  const page = JSON.parse(document.getElementById("data").textContent);
  const main = document.getElementById("report");
  const MOST_BARS = 60, MOST_FIGURES = 6, MOST_LINES = 8;

  const isKnown = (x) => x !== null && x !== undefined;
  const percent = (x, digits = 1) => isKnown(x) ? (100 * x).toFixed(digits) : "–";
  const shortName = (column) => column.slice(column.lastIndexOf("/") + 1);
  const cut = (text, most) => text.length > most ? text.slice(0, most - 1) + "…" : text;
  const isFloor = (entry) => entry.origin === "floor";
  const figureOf = (entry, name) => entry.figures[name] ?? { value: null, low: null, high: null };
  const span = (f) => isKnown(f.low) ? `${percent(f.low)}–${percent(f.high)}` : "–";
  const points = (x) => isKnown(x) ? (100 * x).toFixed(1).replace(/^-0\.0$/, "0.0") : "–";

  // Rewards from best to worst, then floors; what has no figure comes last.
  function ranked(results) {
    const value = (entry) => figureOf(entry, results.headline).value ?? -Infinity;
    const order = (entries) => [...entries].sort((a, b) => value(b) - value(a));
    return [...order(results.rewards), ...order(results.floors)];
  }

  // --- sortable tables -----------------------------------------------------------------------

  // `columns`: { label, title, isText, value(entry), text(entry), hint(entry), alert(entry) }.
  function sortable(label, caption, entries, columns, rowClass) {
    const body = h("tbody", {});
    const heads = columns.map((column, at) => {
      const button = h("button", { type: "button", title: column.title }, column.label);
      const cell = h("th", { scope: "col", class: column.isText && "text", "aria-sort": "none" }, button);
      button.addEventListener("click", () => sortBy(at));
      return cell;
    });
    const rows = entries.map((entry) => ({ entry, node: h("tr", { class: rowClass?.(entry) },
      columns.map((column, at) => cellOf(column, entry, at === 0))) }));
    function sortBy(at) {
      const before = heads[at].getAttribute("aria-sort"), isText = columns[at].isText;
      const way = before === "none" ? (isText ? "ascending" : "descending")
        : before === "descending" ? "ascending" : "descending";
      heads.forEach((cell, i) => cell.setAttribute("aria-sort", i === at ? way : "none"));
      const sign = way === "ascending" ? 1 : -1, value = columns[at].value;
      const sorted = [...rows].sort((a, b) => compare(value(a.entry), value(b.entry), sign));
      body.replaceChildren(...sorted.map((row) => row.node));
    }
    body.append(...rows.map((row) => row.node));
    return scroll(label, h("table", { class: "wide board" }, h("caption", {}, caption),
      h("thead", {}, h("tr", {}, heads)), body));
  }

  // What has no value stands last, whichever way the rest is sorted.
  function compare(a, b, sign) {
    if (!isKnown(a) || !isKnown(b)) return isKnown(b) - isKnown(a);
    return sign * (typeof a === "string" ? a.localeCompare(b) : a - b);
  }

  function cellOf(column, entry, isFirst) {
    const value = column.value(entry);
    const attributes = { class: column.isText ? "text" : column.alert?.(entry) ? "alert" : undefined,
      title: column.hint?.(entry), "data-value": isKnown(value) ? String(value) : undefined };
    return isFirst ? h("th", { ...attributes, scope: "row" }, column.text(entry))
      : h("td", attributes, column.text(entry));
  }

  const nameColumn = {
    label: "Reward", isText: true, value: (e) => e.name,
    text: (e) => [e.name, isFloor(e) ? h("span", { class: "tag" }, "floor")
      : e.origin !== "scored" ? h("span", { class: "tag" }, e.origin) : null],
  };

  function figureColumn(name, label) {
    return { label, title: name, value: (e) => figureOf(e, name).value,
      text: (e) => percent(figureOf(e, name).value), hint: (e) => span(figureOf(e, name)) };
  }

  const countColumn = (name, label) => ({ label, value: (e) => e.counts[name],
    text: (e) => isKnown(e.counts[name]) ? count(e.counts[name]) : "–",
    alert: (e) => name === "unscored" && e.counts[name] > 0 });

  function rankText(entry) {
    if (!entry.rank) return isFloor(entry) ? "floor" : "–";
    return entry.rank[0] === entry.rank[1] ? String(entry.rank[0]) : entry.rank.join("–");
  }

  function leaderboard(board) {
    const r = board.results, shares = r.columns.filter((name) => name !== r.headline);
    if (!ranked(r).length) return h("p", { class: "notice" }, "There are no rows, so no figures of ours.");
    const columns = [nameColumn, figureColumn(r.headline, "Score %"),
      { label: "95 %", title: "95 % interval; sorts by its lower end",
        value: (e) => figureOf(e, r.headline).low, text: (e) => span(figureOf(e, r.headline)) },
      { label: "Rank", title: "a range: those within it cannot be told apart",
        value: (e) => e.rank?.[0], text: rankText },
      ...shares.map((name) => figureColumn(name, shortName(name))),
      countColumn("tied", "Ties"), countColumn("unscored", "Unscored")];
    const headline = isKnown(r.chance[r.headline]) ? ` A random order earns ${percent(r.chance[r.headline])} %.` : "";
    return h("section", {}, h("h2", {}, "Leaderboard"),
      board.warnings.map((text) => h("p", { class: "notice" }, text)),
      h("p", { class: "muted" }, "A rank such as 1–3 is a range: those in it cannot be told apart on " +
        `these rows at 5 %, all comparisons together.${headline} Point at a figure for its 95 % interval.`),
      sortable("Leaderboard", `${r.headline}, credit ${r.credit}; press a heading to sort`, ranked(r),
        columns, (e) => isFloor(e) ? "floor" : undefined));
  }

  function facts(board) {
    const r = board.results, best = ranked(r).filter((e) => !isFloor(e))[0];
    const floor = ranked(r).filter(isFloor)[0];
    const unscored = r.rewards.reduce((n, e) => n + (e.counts.unscored ?? 0), 0);
    const bad = r.intake?.bad ?? 0;
    const tile = (e, label) => e ? fact(label, `${percent(figureOf(e, r.headline).value)} %`,
      `${e.name} · ${span(figureOf(e, r.headline))}`) : null;
    return h("dl", { class: "facts" }, tile(best, "Best reward"), tile(floor, "Best floor"),
      fact("Rows", count(r.rows), plural(r.prompts, "prompt")),
      fact("Unscored", count(unscored), "over all rewards; they earn nothing", unscored > 0),
      bad ? fact("Bad rows", count(bad), "could not be read", true) : null);
  }

  // --- bars by section -----------------------------------------------------------------------

  function bars(board, name) {
    const r = board.results, chance = r.chance[name];
    const all = ranked(r).filter((e) => isKnown(figureOf(e, name).value)).slice(0, MOST_BARS)
      .map((e) => ({ label: isFloor(e) ? `floor: ${e.name}` : e.name, isFloor: isFloor(e), ...figureOf(e, name) }));
    if (!all.length) return null;
    const longest = Math.max(...all.map((bar) => bar.label.length));
    const room = (width) => Math.floor(Math.min(width / 2.1, 18 + 6.6 * longest));
    const low = Math.min(0, ...all.map((bar) => bar.low ?? bar.value));
    const high = Math.max(1, ...all.map((bar) => bar.high ?? bar.value));
    const draw = (width) => Plot.plot({
      width, height: 40 + 19 * all.length, marginLeft: room(width), marginRight: 18, marginTop: 6,
      marginBottom: 26,
      ariaLabel: `${name}: ` + all.map((b) => `${b.label} ${percent(b.value)} (${span(b)})`).join(", "),
      x: { domain: [low, high], tickFormat: (x) => `${Math.round(100 * x)}`, grid: true, label: null,
        ticks: Math.max(2, width / 90) },
      y: { type: "band", domain: all.map((bar) => bar.label), label: null, tickSize: 0, padding: 0.3,
        tickFormat: (text) => cut(text, Math.floor((room(width) - 14) / 6.6)) },
      marks: [
        Plot.barX(all, { y: "label", x: "value", fillOpacity: 0.8,
          fill: (bar) => bar.isFloor ? "var(--floor)" : "var(--accent)" }),
        Plot.ruleY(all.filter((b) => isKnown(b.low)), { y: "label", x1: "low", x2: "high",
          stroke: "var(--ink)", strokeWidth: 1.5 }),
        isKnown(chance) ? Plot.ruleX([chance], { stroke: "var(--warm)", strokeDasharray: "3 3" }) : null,
        Plot.tip(all, Plot.pointerY({ y: "label", x: "value",
          title: (b) => `${b.label}: ${percent(b.value)} (${span(b)})` })),
      ],
    });
    const n = r.subsets[name.slice(name.indexOf("/") + 1)];
    return h("figure", {}, h("h3", {}, shortName(name)),
      h("figcaption", {}, [n ? plural(n, "row") : null, isKnown(chance) ? `chance ${percent(chance)}` : null]
        .filter(Boolean).join(" · ") || name), chart(draw));
  }

  function sections(board) {
    const r = board.results;
    const names = [...new Set([r.headline, ...r.columns])];
    const figures = names.map((name) => bars(board, name)).filter(Boolean);
    if (!figures.length) return null;
    const hidden = r.rewards.length + r.floors.length - MOST_BARS;
    return h("section", {}, h("h2", {}, "By section"),
      h("p", { class: "muted" }, "Per cent, with 95 % intervals; grey: floors, which know nothing of " +
        "quality; dashed: a random order." + (hidden > 0 ? ` ${plural(hidden, "bar")} not drawn.` : "")),
      many(figures), subsets(board));
  }

  function subsets(board) {
    const r = board.results, entries = ranked(r);
    const names = [...new Set(entries.flatMap((e) => Object.keys(e.figures)))]
      .filter((name) => name !== r.headline && !r.columns.includes(name));
    if (!names.length) return null;
    const rows = names.map((name) => ({ name, num: r.subsets[name.slice(name.indexOf("/") + 1)] }));
    const columns = [
      { label: "Figure", isText: true, value: (row) => row.name, text: (row) => row.name },
      { label: "Rows", value: (row) => row.num, text: (row) => isKnown(row.num) ? count(row.num) : "–" },
      ...entries.map((e) => ({ label: isFloor(e) ? `floor: ${e.name}` : e.name,
        value: (row) => figureOf(e, row.name).value, text: (row) => percent(figureOf(e, row.name).value),
        hint: (row) => span(figureOf(e, row.name)) }))];
    return more(`Every other figure (${count(names.length)})`,
      sortable("Other figures", "Per cent; press a heading to sort", rows, columns));
  }

  // --- folded parts --------------------------------------------------------------------------

  function more(summary, ...children) {
    const details = h("details", { class: "plain" }, h("summary", {}, summary), children);
    details.addEventListener("toggle", fitCharts);
    return details;
  }

  function many(figures) {
    const rest = figures.slice(MOST_FIGURES);
    return [h("div", { class: "charts" }, figures.slice(0, MOST_FIGURES)),
      rest.length ? more(`${count(rest.length)} more`, h("div", { class: "charts" }, rest)) : null];
  }

  // --- beside accuracy -----------------------------------------------------------------------

  function beside(board) {
    const r = board.results, num = (get, text) => ({ value: get, text: (e) => text(get(e)) });
    const share = (x) => percent(x);
    const all = [
      { label: "AUC", title: "over all responses", ...num((e) => e.calibration?.auc, fmt) },
      { label: "Brier", ...num((e) => e.calibration?.brier, fmt) },
      { label: "ECE", ...num((e) => e.calibration?.ece, fmt) },
      { label: "Temperature", title: "the divisor of the margins that fits best",
        ...num((e) => e.calibration?.temperature, fmt) },
      { label: "ECE fitted", ...num((e) => e.calibration?.ece_fitted, fmt) },
      { label: "Like length %", title: "accuracy on pairs whose lengths differ by less than a tenth",
        hint: (e) => e.length?.matched ? `${span(e.length.matched)}, ${plural(e.length.matched.num, "pair")}` : undefined,
        ...num((e) => e.length?.matched?.value, share) },
      { label: "Equal length %", title: "accuracy at equal lengths, by a logistic fit",
        ...num((e) => e.length?.logistic?.value, share) },
      { label: "Length slope", title: "of the logistic fit, per standard deviation of the log ratio",
        hint: (e) => e.length?.logistic ? `± ${fmt(e.length.logistic.error)}` : undefined,
        ...num((e) => e.length?.logistic?.slope, fmt) },
      { label: "Flips %", title: "verdicts that change with the order of the responses",
        hint: (e) => e.flips ? `${span(e.flips)}, ${plural(e.flips.num, "row")}` : undefined,
        ...num((e) => e.flips?.value, share) }];
    const columns = all.filter((column) => r.rewards.some((e) => isKnown(column.value(e))));
    if (!columns.length) return null;
    return h("section", {}, h("h2", {}, "Beside accuracy"),
      sortable("Beside accuracy", "Calibration, length and order; press a heading to sort",
        ranked(r).filter((e) => !isFloor(e)), [nameColumn, ...columns]));
  }

  function judges(board) {
    const entries = board.results.rewards.filter((e) => e.judge);
    if (!entries.length) return null;
    const names = [...new Set(entries.flatMap((e) => Object.keys(e.judge)))];
    const columns = names.map((name) => ({ label: name.replaceAll("_", " "),
      value: (e) => e.judge[name], text: (e) => fmt(e.judge[name]) }));
    return h("section", {}, h("h2", {}, "Countings of a judge's verdicts"),
      sortable("Countings", "As the publication names them", entries, [nameColumn, ...columns]));
  }

  // --- tests between rewards -----------------------------------------------------------------

  function tests(board) {
    const pairs = board.results.paired;
    if (!pairs.length) return null;
    const hasRows = pairs.some((pair) => isKnown(pair.only_first));
    const only = (name) => ({ value: (p) => p[name], text: (p) => isKnown(p[name]) ? count(p[name]) : "–" });
    const columns = [
      { label: "First", isText: true, value: (p) => p.first, text: (p) => p.first },
      { label: "Second", isText: true, value: (p) => p.second, text: (p) => p.second },
      { label: "Difference", title: "in points", value: (p) => p.difference, text: (p) => points(p.difference) },
      { label: "95 %", value: (p) => p.low,
        text: (p) => isKnown(p.low) ? `${points(p.low)} to ${points(p.high)}` : "–" },
      ...(hasRows ? [{ label: "Only first", ...only("only_first") },
        { label: "Only second", ...only("only_second") }] : []),
      { label: "p", value: (p) => p.p, text: (p) => fmt(p.p) },
      { label: "p adjusted", title: "after Holm", value: (p) => p.p_adjusted, text: (p) => fmt(p.p_adjusted) },
      { label: "Told apart", isText: true, value: (p) => p.differs ? "yes" : "no",
        text: (p) => p.differs ? "yes" : "no" }];
    const num = pairs.filter((pair) => pair.differs).length;
    return h("section", {}, h("h2", {}, "Tests between rewards"),
      h("p", { class: "muted" }, `${count(num)} of ${plural(pairs.length, "pair")} can be told apart at ` +
        `5 %: ${hasRows ? "McNemar's exact test" : "the paired bootstrap"} on the same rows, adjusted after Holm.`),
      more("All tests", sortable("Tests", "Press a heading to sort", pairs, columns)));
  }

  // --- scores --------------------------------------------------------------------------------

  function distribution(one, unit) {
    const d = one.distribution;
    if (!d) {
      return h("figure", {}, h("h3", { title: one.name }, one.name),
        h("p", { class: "blank" }, "No scores, or all are equal."));
    }
    const sides = ["right", "wrong"].map((side) => {
      const total = d[side].reduce((a, b) => a + b, 0);
      return d[side].map((n, i) => ({ side, n, x1: d.edges[i], x2: d.edges[i + 1], share: total ? n / total : 0 }));
    });
    const label = (side) => unit === "step" ? { right: "valid", wrong: "invalid" }[side] : side;
    const draw = (width) => Plot.plot({
      width, height: 160, marginLeft: 40, marginBottom: 26, marginTop: 10,
      ariaLabel: `Scores of ${one.name}, shares by bin: ` + sides.flat().filter((b) => b.n)
        .map((b) => `${label(b.side)} ${fmt(b.x1)} to ${fmt(b.x2)} ${percent(b.share)}`).join(", "),
      x: { label: null, ticks: Math.max(2, Math.round(width / 80)), tickSize: 3, tickFormat: fmt },
      y: { grid: true, ticks: 3, label: null, tickSize: 0, tickFormat: (x) => `${Math.round(100 * x)} %` },
      marks: sides.map((bins, i) => Plot.rectY(bins, { x1: "x1", x2: "x2", y: "share", insetLeft: 0.5,
        fill: i ? "var(--warm)" : "var(--accent)", fillOpacity: 0.55,
        title: (b) => `${label(b.side)}, ${fmt(b.x1)} to ${fmt(b.x2)}: ${count(b.n)}` })),
    });
    const outer = d.below + d.above;
    return h("figure", {}, h("h3", { title: one.name }, one.name),
      h("figcaption", {}, h("span", { class: "key right" }, label("right")), " ",
        h("span", { class: "key wrong" }, label("wrong")),
        outer ? ` · the outermost bins hold ${plural(outer, unit)} from farther out` : ""), chart(draw));
  }

  function distributions(board) {
    if (!board.charts.length) return null;
    const sides = board.unit === "step" ? "valid and invalid steps" : "chosen and rejected responses";
    return h("section", {}, h("h2", {}, "Scores"),
      h("p", { class: "muted" }, `How the scores of ${sides} are distributed, each as a share of its side.`),
      many(board.charts.map((one) => distribution(one, board.unit))));
  }

  // --- margin against length -----------------------------------------------------------------

  function trend(dots) {
    const sorted = [...dots].sort((a, b) => a.longer - b.longer);
    const isSpread = sorted.length && sorted[0].longer < sorted[sorted.length - 1].longer;
    const num = isSpread ? Math.min(10, Math.floor(sorted.length / 10)) : 0;
    return Array.from({ length: num }, (_, i) => {
      const some = sorted.slice(i * sorted.length / num, (i + 1) * sorted.length / num);
      const mean = (key) => some.reduce((total, dot) => total + dot[key], 0) / some.length;
      return { longer: mean("longer"), margin: mean("margin") };
    });
  }

  function lengthChart(one) {
    const dots = one.length.longer.map((longer, i) => ({ longer, margin: one.length.margin[i] }));
    const line = trend(dots);
    return (width) => Plot.plot({
      width, height: Math.min(340, Math.max(220, width * 0.45)), marginLeft: 52, marginBottom: 38, inset: 6,
      ariaLabel: `Margin of ${one.name} against the difference in length, ${plural(dots.length, "point")}; means: ` +
        line.map((p) => `${fmt(p.longer)} characters ${fmt(p.margin)}`).join(", "),
      x: { type: "symlog", constant: 50, label: "right response longer by, characters →", labelAnchor: "center",
        grid: true, ticks: Math.max(3, Math.round(width / 130)), tickFormat: fmt },
      y: { label: null, grid: true, ticks: 5, tickFormat: fmt },
      marks: [
        Plot.ruleY([0], { stroke: "var(--muted)", strokeDasharray: "3 3" }),
        Plot.ruleX([0], { stroke: "var(--muted)", strokeDasharray: "3 3" }),
        Plot.dot(dots, { x: "longer", y: "margin", r: 2.2, fillOpacity: 0.35,
          fill: (dot) => dot.margin > 0 ? "var(--accent)" : "var(--warm)" }),
        Plot.line(line, { x: "longer", y: "margin", stroke: "var(--ink)", strokeWidth: 2 }),
        Plot.dot(line, { x: "longer", y: "margin", r: 3, fill: "var(--ink)" }),
        Plot.tip(dots, Plot.pointer({ x: "longer", y: "margin", maxRadius: 20,
          title: (dot) => `margin ${fmt(dot.margin)}, longer by ${count(dot.longer)}` })),
      ],
    });
  }

  function lengths(board) {
    const drawn = board.charts.filter((one) => one.length?.num);
    if (!drawn.length) return null;
    const figure = h("figure", {});
    const select = h("select", {}, drawn.map((one, i) => h("option", { value: i }, one.name)));
    function draw() {
      const one = drawn[select.value], num = one.length.longer.length;
      figure.replaceChildren(h("h3", {}, one.name), h("figcaption", {}, "above the dashed line: won · " +
        (num < one.length.num ? `${count(num)} of ` : "") + `${plural(one.length.num, "row")} with a margin · ` +
        "the line joins the means of equal shares of the points"), chart(lengthChart(one)));
    }
    select.addEventListener("change", () => { draw(); fitCharts(); });
    draw();
    return h("section", {}, h("h2", {}, "Margin against length"),
      h("p", { class: "muted" }, "The margin is the score of the best right response minus that of the best " +
        "wrong one. A line that rises from left to right is a reward that pays for length."),
      h("div", { class: "controls" }, h("label", {}, "Reward ", select)), figure);
  }

  // --- calibration ---------------------------------------------------------------------------

  const KINDS = { margin: ["sigmoid of the margin", 0.5], score: ["scores as probabilities", 0] };

  function reliability(one, kind) {
    const bins = one.calibration[kind], [says, low] = KINDS[kind];
    const most = Math.max(...bins.map((bin) => bin.num));
    const asPercent = (x) => `${Math.round(100 * x)} %`;
    const draw = (width) => Plot.plot({
      width, height: Math.min(250, width), marginLeft: 44, marginBottom: 38, r: { type: "identity" },
      ariaLabel: `Reliability of ${one.name}: ` + bins.map((b) =>
        `${percent(b.probability)} % given, ${percent(b.share)} % right, ${b.num} times`).join("; "),
      x: { domain: [low, 1], label: "probability given →", labelAnchor: "center", grid: true, ticks: 5,
        tickFormat: asPercent },
      y: { domain: [0, 1], label: null, grid: true, ticks: 5, tickFormat: asPercent },
      marks: [
        Plot.line([[low, low], [1, 1]], { stroke: "var(--muted)", strokeDasharray: "3 3" }),
        Plot.line(bins, { x: "probability", y: "share", stroke: "var(--accent)" }),
        Plot.dot(bins, { x: "probability", y: "share", fill: "var(--accent)",
          r: (bin) => 3 + 6 * Math.sqrt(bin.num / most) }),
        Plot.tip(bins, Plot.pointer({ x: "probability", y: "share",
          title: (b) => `given ${percent(b.probability)} %, right ${percent(b.share)} %: ${plural(b.num, "time")}` })),
      ],
    });
    return h("figure", {}, h("h3", { title: one.name }, one.name), h("figcaption", {}, says), chart(draw));
  }

  function calibration(board) {
    const figures = board.charts.flatMap((one) => Object.keys(one.calibration ?? {})
      .filter((kind) => one.calibration[kind].length).map((kind) => reliability(one, kind)));
    if (!figures.length) return null;
    return h("section", {}, h("h2", {}, "Calibration"),
      h("p", { class: "muted" }, "How often what scores higher is right, against the probability that the " +
        "scores give. On the dashed line a probability can be believed; below it the reward is too sure."),
      many(figures));
  }

  // --- agreement -----------------------------------------------------------------------------

  function agreementCell(a, i, j) {
    const x = a.share[i][j], k = a.kappa[i][j];
    if (i === j) return h("td", {}, "");
    const cell = h("td", { title: `${plural(a.num[i][j] ?? 0, "row")}, Cohen's kappa ${fmt(k)}` },
      isKnown(x) ? percent(x, 0) : "–");
    if (isKnown(x)) {
      cell.style.background = `color-mix(in srgb, var(--accent) ${Math.round(55 * Math.max(0, k ?? 0))}%, var(--bg))`;
    }
    return cell;
  }

  function agreement(board) {
    const names = board.charts.map((one) => one.name), a = board.agreement;
    if (names.length < 2 || board.unit === "step") return null;
    return h("section", {}, h("h2", {}, "Agreement of rewards"),
      h("p", { class: "muted" }, "Per cent of rows with the same outcome (won, lost or tied) for both; the " +
        "darker, the more beyond chance (Cohen's kappa: point at a cell)."),
      scroll("Agreement", h("table", { class: names.length > 16 ? "matrix dense" : "matrix" },
        h("thead", {}, h("tr", {}, h("td", {}),
          names.map((name) => h("th", { scope: "col", title: name }, h("span", {}, name))))),
        h("tbody", {}, names.map((name, i) => h("tr", {},
          h("th", { scope: "row", title: name }, name), names.map((_, j) => agreementCell(a, i, j))))))));
  }

  // --- best of n -----------------------------------------------------------------------------

  function curve(board) {
    const dots = board.results.curve;
    if (!dots.length) return null;
    const names = ranked(board.results).filter((e) => !isFloor(e)).map((e) => e.name);
    const fixed = ["oracle", "majority", "random"].filter((name) => dots.some((dot) => isKnown(dot[name])));
    const value = (dot, name) => fixed.includes(name) ? dot[name] : dot.rewards[name];
    const drawn = [...fixed, ...names.slice(0, MOST_LINES)];
    const lines = drawn.flatMap((name) => dots.filter((dot) => isKnown(value(dot, name)))
      .map((dot) => ({ name, n: dot.n, share: value(dot, name) })));
    const colour = (name) => fixed.includes(name) ? "var(--muted)" : `var(--line-${names.indexOf(name) % MOST_LINES})`;
    const shares = lines.map((p) => p.share), isNarrow = Math.max(...shares) - Math.min(...shares) < 0.06;
    const ends = drawn.map((name) => lines.filter((p) => p.name === name).at(-1)).filter(Boolean);
    const draw = (width) => Plot.plot({
      width, height: 320, marginLeft: 44, marginBottom: 38, marginRight: Math.min(170, width / 2.6),
      ariaLabel: "Best of n: " + lines.map((p) => `${p.name} at ${p.n} ${percent(p.share)}`).join(", "),
      x: { type: dots.length > 1 ? "log" : "linear", base: 2, label: "responses to choose from →",
        labelAnchor: "center", ticks: dots.map((dot) => dot.n), tickFormat: String },
      y: { label: null, grid: true, ticks: 6, tickFormat: (x) => `${percent(x, isNarrow ? 1 : 0)} %` },
      marks: [
        ...[true, false].map((isFixed) => Plot.line(lines.filter((p) => fixed.includes(p.name) === isFixed),
          { x: "n", y: "share", z: "name", stroke: (p) => colour(p.name), strokeWidth: 1.8,
            strokeDasharray: isFixed ? "4 3" : undefined })),
        Plot.dot(lines, { x: "n", y: "share", r: 3, fill: (p) => colour(p.name) }),
        Plot.text(spread(ends), { x: "n", y: "place", text: (p) => cut(p.name, Math.floor(Math.min(170, width / 2.6) / 6.6)),
          textAnchor: "start", dx: 8, fill: (p) => colour(p.name) }),
        Plot.tip(lines, Plot.pointer({ x: "n", y: "share",
          title: (p) => `${p.name}, best of ${p.n}: ${percent(p.share)} %` })),
      ],
    });
    const columns = [{ label: "n", value: (dot) => dot.n, text: (dot) => String(dot.n) },
      { label: "Prompts", value: (dot) => dot.prompts, text: (dot) => count(dot.prompts) },
      ...[...fixed, ...names].map((name) => ({ label: name, value: (dot) => value(dot, name),
        text: (dot) => percent(value(dot, name)) }))];
    const hidden = names.length - MOST_LINES;
    return h("section", {}, h("h2", {}, "Best of n"),
      h("p", { class: "muted" }, "The chance that the response of highest score among n is right; dashed: always " +
        "right where one is (oracle), the most frequent answer (majority), any (random)." +
        (hidden > 0 ? ` ${plural(hidden, "reward")} in the table alone.` : "")),
      h("figure", {}, chart(draw)), more("The figures", sortable("Best of n", "Per cent", dots, columns)));
  }

  // Labels at the ends of lines, moved apart where they would touch.
  function spread(ends) {
    const low = Math.min(...ends.map((p) => p.share)), high = Math.max(...ends.map((p) => p.share));
    const least = Math.max(high - low, 0.05) / 20;
    let last = -Infinity;
    return [...ends].sort((a, b) => a.share - b.share).map((p) => {
      last = Math.max(p.share, last + least);
      return { ...p, place: last };
    });
  }

  // --- notes ---------------------------------------------------------------------------------

  function gates(board) {
    const rows = board.results.rewards.flatMap((e) => (e.gates ?? []).map((gate) => ({ reward: e.name, ...gate })));
    if (!rows.length) return null;
    const range = (gate) => gate.low === gate.high ? fmt(gate.low) : `${fmt(gate.low)} to ${fmt(gate.high)}`;
    const columns = [
      { label: "Reward", isText: true, value: (g) => g.reward, text: (g) => g.reward },
      { label: "Gate", isText: true, value: (g) => g.name, text: (g) => g.name },
      { label: "Value", value: (g) => g.value, text: (g) => fmt(g.value) },
      { label: "Expected", value: (g) => g.low, text: range },
      { label: "Holds", isText: true, value: (g) => g.holds ? "yes" : "no", text: (g) => g.holds ? "yes" : "no",
        alert: (g) => !g.holds }];
    const num = rows.filter((gate) => gate.holds).length;
    return more(`Null gates: ${count(num)} of ${count(rows.length)} hold`,
      sortable("Null gates", "What scorers that know nothing must get, on these rows", rows, columns));
  }

  function problems(intake) {
    const lines = Object.entries(intake?.ignored ?? {}).map(([name, n]) =>
      `ignored, no subset of this benchmark: ${name} (${plural(n, "row")})`);
    for (const [kind, first] of Object.entries(intake?.problems ?? {})) {
      const rest = intake.counts[kind] - first.length;
      lines.push(...first.map((text) => `${kind}: ${text}`));
      if (rest > 0) lines.push(`${kind}: ${count(rest)} more`);
    }
    return lines;
  }

  function contamination(results) {
    const c = results.contamination;
    if (!c) return [];
    return [`${count(c.items)} of ${count(c.of)} prompts are in the training data`,
      ...Object.entries(c.without).map(([name, figure]) =>
        `without them ${name}: ${percent(figure.value)} (${span(figure)})`)];
  }

  function list(title, lines) {
    return lines.length ? [h("h3", {}, title), h("ul", { class: "notes" }, lines.map((line) => h("li", {}, line)))] : null;
  }

  function folded(title, lines) {
    return lines.length > 8 ? more(`${title} (${count(lines.length)})`,
      h("ul", { class: "notes" }, lines.map((line) => h("li", {}, line)))) : list(title, lines);
  }

  function errors(results) {
    const rows = results.rewards.flatMap((e) => Object.entries(e.errors).map(([text, n]) => ({ name: e.name, text, n })));
    if (!rows.length) return null;
    return [h("h3", {}, "Why responses are unscored"), scroll("Errors", h("table", { class: "wide errors" },
      head([["Count"], ["Reward", true], ["Message", true]]), h("tbody", {}, rows.map((row) =>
        h("tr", {}, h("td", {}, count(row.n)), h("td", { class: "text" }, row.name), h("td", { class: "text" }, row.text))))))];
  }

  function notes(board) {
    const r = board.results;
    const reported = (r.reported ?? []).map((one) => `${one.name}, reported without rows: ` +
      Object.entries(one.figures).map(([name, x]) => `${name} ${percent(x)}`).join(", "));
    const parts = [
      list("Of the rewards", r.rewards.flatMap((e) => e.notes.map((note) => `${e.name}: ${note}`))),
      folded("Of the floors", r.floor_notes), list("Of the benchmark", r.notes),
      list("Absent subsets", r.absent), folded("Of the data", problems(r.intake)),
      list("Contamination", contamination(r)), list("Reported figures", reported),
      errors(r), gates(board)].filter(Boolean);
    return h("section", {}, h("h2", {}, "Notes and gates"), parts.length ? parts
      : h("p", { class: "muted" }, "There is nothing to note."));
  }

  function provenance(board) {
    return more("How these figures were made",
      board.runs.map((run) => [h("h4", {}, `${run.place}, plaudit ${run.plaudit}`),
        run.command ? h("pre", { tabindex: "0" }, run.command) : null,
        h("ul", { class: "notes" }, run.data.map((text) => h("li", {}, text)),
          run.rewards.map(([name, recipe]) => h("li", {}, `${name}: ${recipe}`)))]),
      h("p", { class: "muted" }, `Bootstrap: ${count(board.results.draws)} draws, seed ${board.results.seed}. ` +
        `Rows: digest ${board.results.digest}.`));
  }

  // --- the page ------------------------------------------------------------------------------

  const TERMS = [
    ["Score", "the figure that the benchmark sorts by, in per cent, with its 95 % interval."],
    ["Rank", "1 + the number of rewards that are surely better, up to all but the surely worse ones."],
    ["Floor", "what a scorer that knows nothing of quality gets on the same rows: the longer response wins, and so on."],
    ["Won, lost, tied", "a right response scores above every wrong one; below one; the best of both are equal. "
      + "Of graded rows the right responses are those of the highest grade."],
    ["Unscored", "a score is missing; the row earns nothing and is counted."],
    ["Margin", "the score of the best right response minus that of the best wrong one."],
    ["Wrong and confident", "lost, by a margin among the largest quarter of that reward's margins."],
    ["Reported, recomputed from rows", "figures of a publication without rows, and those made from its rows."],
    ["⟨U+202E⟩, ⟨ESC⟩", "characters of the data that are invisible or would act on the display."],
  ];

  function boardSections(board, i) {
    const r = board.results;
    const title = page.boards.length > 1 || page.title !== r.title ? h("h2", { class: "run" }, r.title) : null;
    return [title, facts(board), provenance(board), leaderboard(board), sections(board), tests(board),
      beside(board), judges(board), curve(board), distributions(board), lengths(board), calibration(board),
      agreement(board), notes(board), browser.section(board, i)];
  }

  main.replaceChildren(header(page, "plaudit bench report"),
    ...page.notes.map((note) => h("p", { class: "notice" }, note)),
    ...page.boards.flatMap(boardSections).filter(Boolean), legend(TERMS));
  fitCharts();
  addEventListener("resize", fitCharts);
})();
