"""End-of-turn marks never change a score: of any rule, in any chain, however the group was made."""

import itertools

import pytest

import plaudit
from plaudit import Group, Response, registry
from plaudit.data.api import score
from plaudit.text.endmarks import END_MARKS

CHAINS = itertools.cycle([*END_MARKS, "<|im_end|>\n<|endoftext|><|endoftext|>", "</s></s>"])


def marked(response: Response) -> Response:
    return Response(
        response.text + next(CHAINS),
        response.messages,
        response.token_ids,
        response.finish_reason,
        response.columns,
    )


@pytest.mark.parametrize("path", plaudit.available("rules."))
def test_no_rule_sees_them(path):
    reward, groups = registry.example(path)
    others = [Group(g.prompt, [marked(r) for r in g.responses], g.columns, g.key) for g in groups]
    assert repr(reward.score(others)) == repr(reward.score(groups))


@pytest.mark.parametrize("name", ["math", "r1", "reasoning", "data-quality"])
def test_no_recipe_sees_them_wherever_the_rows_come_from(name):
    texts = ["<think>Six sevens.</think><answer>42</answer>", "\\boxed{42}", "It is 42.", "42! "]
    rows = [{"prompt": "Six times seven?", "response": t, "reference": "42"} for t in texts]
    ends = [{**row, "response": row["response"] + next(CHAINS)} for row in rows]
    plain, others = score(name, rows), score(name, ends)
    assert repr(list(plain.values)) == repr(list(others.values))
    assert (plain.num_end_marks, others.num_end_marks) == (0, len(texts))
    groups = [Group(r["prompt"], [r["response"]], {"reference": "42"}) for r in ends]
    direct = [scores[0].value for scores in plaudit.build(name).score(groups)]
    assert repr(direct) == repr(list(plain.values))
    assert score(name, groups).num_end_marks == len(texts)


def test_they_are_kept_where_the_caller_says_so():
    rows = [{"prompt": "q", "response": "four<|im_end|>"}]
    kept = score("rules.baseline.length", rows, keep_end_marks=True)
    assert (kept.values, kept.num_end_marks) == ([len("four<|im_end|>")], 0)
    groups = [Group("q", ["four</s>"])]
    assert score("rules.baseline.length", groups, keep_end_marks=True).values == [8]
    assert score("rules.baseline.length", groups).values == [4]


def test_the_output_holds_the_rows_as_they_came():
    rows = [{"prompt": "q", "response": "four<|im_end|>"}]
    assert score("rules.baseline.length", rows).to_rows()[0]["response"] == "four<|im_end|>"
