// The browser of single rows. Text goes in through textContent alone; nothing here reads markup.
"use strict";
const browser = (() => {
  const { h, fmt, count, plural, block, scroll } = kit;
  const PAGE = 50;
  const OUTCOMES = ["lost", "won", "tied", "unscored"];
  const MARKS = ["✗", "✓", "=", "–"];

  const isKnown = (x) => x !== null && x !== undefined;

  // --- which rows ----------------------------------------------------------------------------

  const FILTERS = {
    all: ["all rows", () => true],
    confident: ["wrong and confident", (row, one) => one.confident[row]],
    lost: ["lost", (row, one) => one.outcome[row] === 0],
    tied: ["tied", (row, one) => one.outcome[row] === 2],
    unscored: ["unscored", (row, one) => one.outcome ? one.outcome[row] === 3
      : one.values[row].some((x) => x === null)],
    won: ["won", (row, one) => one.outcome[row] === 1],
    differ: ["rewards differ", (row, one, rows) => rows.rewards.some((other) =>
      other.outcome && other.outcome[row] !== one.outcome[row])],
    train: ["prompt is in the training data", (row, one, rows) => rows.in_train[row]],
  };

  const margin = (one, row) => one?.margin?.[row];
  const least = (x, otherwise) => isKnown(x) ? x : otherwise;
  const SORTS = {
    file: ["in the order of the file", (a, b) => a - b],
    worst: ["lowest margin first", (a, b, one) => least(margin(one, a), Infinity) - least(margin(one, b), Infinity)],
    best: ["highest margin first", (a, b, one) => least(margin(one, b), -Infinity) - least(margin(one, a), -Infinity)],
  };

  // The text that a search looks in, made once for each row.
  function searchable(rows, remarks) {
    const cache = new Map();
    return (row) => {
      if (!cache.has(row)) {
        const text = rows.texts?.[row], own = remarks.get(row) ?? [];
        cache.set(row, [rows.id[row], rows.subsets[rows.subset[row]], rows.where[row], text?.prompt ?? "",
          ...(text?.responses ?? []), ...own.flatMap((one) => [...one.notes, ...one.errors])]
          .join("\n").toLowerCase());
      }
      return cache.get(row);
    };
  }

  function remarksByRow(rows) {
    const by = new Map();
    for (const one of rows.remarks) by.set(one.row, [...(by.get(one.row) ?? []), one]);
    return by;
  }

  // --- one row -------------------------------------------------------------------------------

  function outcomes(rows, row) {
    return h("span", { class: "outcomes" }, rows.rewards.filter((one) => one.outcome).slice(0, 12).map((one) => {
      const what = one.outcome[row];
      return h("span", { class: OUTCOMES[what], title: `${one.name}: ${OUTCOMES[what]}` }, MARKS[what]);
    }));
  }

  // What a label says of a response; grades are told from right and wrong by all rows together.
  function label(rows, x, unit) {
    rows.isGraded ??= rows.labels.some((labels) => labels.some((one) => one !== 0 && one !== 1));
    if (rows.isGraded) return `grade ${fmt(x)}`;
    return unit === "step" ? ["invalid", "valid"][x] : ["wrong", "right"][x];
  }

  // Scores by response and reward; what is not scored is said, never written as a number.
  function scores(rows, row, unit) {
    const labels = rows.labels[row], chars = rows.chars[row];
    const cells = (i) => rows.rewards.map((one) => {
      const x = one.values[row][i];
      return isKnown(x) ? h("td", { "data-value": String(x) }, fmt(x)) : h("td", { class: "alert" }, "unscored");
    });
    return scroll("Scores", h("table", { class: "scores" },
      h("thead", {}, h("tr", {}, h("th", { scope: "col", class: "text" }, unit === "step" ? "Step" : "Response"),
        h("th", { scope: "col" }, "Characters"), rows.rewards.map((one) => h("th", { scope: "col" }, one.name)))),
      h("tbody", {}, labels.map((x, i) => h("tr", {},
        h("th", { scope: "row" }, `${i + 1}, ${label(rows, x, unit)}`),
        h("td", {}, chars ? count(chars[i]) : "–"), cells(i))))));
  }

  function remarkBlocks(remarks, num, unit) {
    // One text for a row of several responses is about all of them.
    const place = (one, texts, i) => `${one.reward}, ${texts.length === num ? `${unit} ${i + 1}: ` : ""}`;
    return remarks.map((one) => [
      one.decisions.length ? h("p", {}, `${one.reward}: decisions ${one.decisions.join(", ")}`) : null,
      isKnown(one.flipped) && one.flipped > 0
        ? h("p", {}, `${one.reward}: the verdict changes with the order of the responses`) : null,
      one.errors.map((text, i) => text ? block(`${place(one, one.errors, i)}${one.faults[i]
        ? `${one.faults[i]} fault` : "error"}`, text) : null),
      one.notes.map((text, i) => text ? block(`${place(one, one.notes, i)}rationale`, text) : null)]);
  }

  function texts(rows, row, unit) {
    const text = rows.texts?.[row];
    if (!text) return null;
    const parts = [block("Prompt", text.prompt), text.responses.map((one, i) =>
      block(`${unit === "step" ? "Step" : "Response"} ${i + 1}, ${label(rows, rows.labels[row][i], unit)}`, one))];
    return rows.safety[rows.subset[row]]
      ? h("details", { class: "plain unsafe" }, h("summary", {}, "Texts of a safety row (they may be offensive)"), parts)
      : parts;
  }

  function body(rows, row, remarks, unit) {
    const blocks = remarkBlocks(remarks.get(row) ?? [], rows.labels[row].length, unit);
    const isSafety = rows.safety[rows.subset[row]];
    return h("div", { class: "body" },
      h("p", {}, [rows.where[row], `id ${rows.id[row]}`, rows.in_train[row] ? "prompt is in the training data" : null]
        .filter(Boolean).join(" · ")),
      scores(rows, row, unit), texts(rows, row, unit),
      blocks.length && isSafety
        ? h("details", { class: "plain unsafe" }, h("summary", {}, "Rationales and errors"), blocks) : blocks);
  }

  function rowDetails(rows, row, one, remarks, unit) {
    const subset = rows.subsets[rows.subset[row]], text = rows.texts?.[row];
    const isSafety = rows.safety[rows.subset[row]];
    const why = text && !isSafety ? text.prompt.slice(0, 200) : `id ${rows.id[row]}`;
    const details = h("details", { class: "row item" }, h("summary", {},
      h("span", { class: "value" }, isKnown(margin(one, row)) ? fmt(margin(one, row))
        : one?.outcome ? OUTCOMES[one.outcome[row]] : "–"),
      h("span", { class: "where" }, `row ${count(rows.number[row] + 1)} · ${subset}`),
      h("span", { class: "why", dir: "auto" }, outcomes(rows, row), " ", why)));
    details.addEventListener("toggle", () => {
      if (details.open && details.children.length === 1) details.append(body(rows, row, remarks, unit));
    });
    return details;
  }

  // --- the section ---------------------------------------------------------------------------

  const choice = (entries) => h("select", {}, entries.map(([value, text]) => h("option", { value }, text)));
  const labelled = (text, control) => h("label", {}, `${text} `, control);

  // The controls, and a function that gives the rows they ask for.
  function controlsOf(rows, remarks) {
    const text = searchable(rows, remarks);
    const reward = choice(rows.rewards.map((one, i) => [i, one.name]));
    const hasOutcomes = rows.rewards.some((one) => one.outcome);
    const names = Object.keys(FILTERS).filter((name) => name === "all" || (name === "train"
      ? rows.in_train.includes(true) : name === "unscored" || hasOutcomes));
    const filter = choice(names.map((name) => [name, FILTERS[name][0]]));
    const subset = choice([["", "all subsets"], ...rows.subsets.map((name, i) => [i, name])]);
    const sort = choice(Object.entries(SORTS).filter(([name]) => name === "file" || hasOutcomes)
      .map(([name, [label]]) => [name, label]));
    const search = h("input", { type: "search", "aria-label": "Search", spellcheck: "false",
      placeholder: rows.texts ? "in texts, ids, rationales" : "in ids, subsets, rationales" });
    const controls = h("div", { class: "controls browse" }, labelled("Reward", reward), labelled("Show", filter),
      labelled("of", subset), labelled("sorted", sort), labelled("Search", search));
    const chosenReward = () => rows.rewards[reward.value];
    function matchingRows() {
      const one = chosenReward(), keep = FILTERS[filter.value][1], words = search.value.trim().toLowerCase();
      const isMissing = filter.value !== "all" && !one;
      return rows.id.map((_, row) => row).filter((row) => !isMissing && keep(row, one, rows)
        && (subset.value === "" || rows.subset[row] === Number(subset.value))
        && (!words || text(row).includes(words)))
        .sort((a, b) => SORTS[sort.value][1](a, b, one) || a - b);
    }
    filter.addEventListener("change", () => { if (filter.value === "confident") sort.value = "worst"; });
    return { controls, search, inputs: [reward, filter, subset, sort], chosenReward, matchingRows };
  }

  function keys(event, list) {
    const step = { ArrowDown: 1, ArrowUp: -1, j: 1, k: -1 }[event.key];
    if (!step || event.target.tagName !== "SUMMARY" || event.ctrlKey || event.metaKey || event.altKey) return;
    const all = [...list.querySelectorAll("details.item > summary")];
    const next = all[all.indexOf(event.target) + step];
    if (next) { event.preventDefault(); next.focus(); }
  }

  function section(board, number) {
    const rows = board.rows;
    if (!rows.id.length) return null;
    const remarks = remarksByRow(rows), { controls, search, inputs, chosenReward, matchingRows } = controlsOf(rows, remarks);
    const status = h("p", { class: "muted", role: "status" }), list = h("div", { class: "rows", "data-board": number });
    const button = h("button", { type: "button", class: "more" });
    let all = [], numListed = 0;
    function extend() {
      const next = all.slice(numListed, numListed + PAGE);
      list.append(...next.map((row) => rowDetails(rows, row, chosenReward(), remarks, board.unit)));
      numListed += next.length;
      button.textContent = `Show ${count(Math.min(PAGE, all.length - numListed))} more`;
      button.hidden = numListed >= all.length;
      status.textContent = `${plural(all.length, "row")} of ${count(rows.num)}; ${count(numListed)} listed.` +
        (rows.id.length < rows.num ? ` The page holds ${count(rows.id.length)} rows, among them the most confident losses of each reward; all are in scores.jsonl.` : "");
    }
    function draw() { all = matchingRows(); numListed = 0; list.replaceChildren(); extend(); }
    let timer = 0;
    search.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(draw, 120); });
    [...inputs, search].forEach((input) => input.addEventListener("change", draw));
    button.addEventListener("click", extend);
    list.addEventListener("keydown", (event) => keys(event, list));
    addEventListener("keydown", (event) => {
      const isTyping = /^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement?.tagName ?? "");
      if (event.key !== "/" || number !== 0 || isTyping || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      search.focus();
    });
    draw();
    return h("section", {}, h("h2", {}, "Rows"),
      h("p", { class: "muted" }, "Margin of the chosen reward, place, and the outcome for each reward (✓ won, ✗ lost, " +
        "= tied, – unscored); open a row for its scores. Press / to search, ↑ and ↓ to move between rows." +
        (rows.texts ? "" : " This page holds no texts: they are kept with --include-text, or where the rows state a licence.")),
      controls, status, list, button);
  }

  return { section };
})();
