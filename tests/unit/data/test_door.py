"""What servers put beside the text of an answer: reasoning, calls, objects of their APIs."""

import json
from pathlib import Path

import pytest

from plaudit import DataError, Group, Response, load
from plaudit.data.api import score
from plaudit.data.door import admitted, is_output, recipe_for, response_of
from plaudit.data.rows import Layout
from plaudit.data.turns import with_think
from plaudit.text.think import split

ROOT = Path(__file__).resolve().parents[3]
CASES = [ROOT.parent / "shared" / "cases", ROOT.parent.parent / "shared" / "cases"]
CALL = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}


def cases(name):
    for folder in CASES:
        if (path := folder / f"{name}.jsonl").exists():
            return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    pytest.skip("the shared cases are not beside the checkout")


def group(raw, **columns):
    row = Layout(columns).row(raw)
    assert isinstance(row.group, Group), row.group
    return row.group


def one(raw, **columns) -> Response:
    (response,) = group(raw, **columns).responses
    return response


def message(**fields):
    return {"role": "assistant", **fields}


class TestCases:
    def test_end_marks(self):
        rows = cases("end_marks")
        found = score("r1", rows[:3])
        assert [result.scores[0].parts["format"] for result in found] == [1.0] * 3
        assert score("rules.math.equal", rows[3:]).values == [1.0] * len(rows[3:])

    def test_prefilled_think(self):
        rows = cases("prefilled_think")
        found = score("r1", rows)
        assert [result.scores[0].parts["format"] for result in found] == [1.0] * len(rows)

    def test_tool_calls_stay_visible(self):
        for row in cases("tool_calls_field"):
            response = one(row)
            assert response.text == ""
            assert response.messages[-1]["tool_calls"][0]["function"]["name"] == "get_weather"

    def test_an_answer_within_unfinished_reasoning(self):
        row = next(row for row in cases("math_more") if "unfinished" in row.get("why", ""))
        assert score("rules.math.equal", [row]).values == [0.0]


class TestReasoningFields:
    @pytest.mark.parametrize("name", ["reasoning_content", "reasoning", "thinking"])
    def test_of_a_message_of_an_object_and_of_the_row(self, name):
        text = "<think>2+2</think>4"
        turn = message(content="4", **{name: "2+2"})
        assert one({"messages": [{"role": "user", "content": "?"}, turn]}).text == text
        assert one({"prompt": "?", "response": [turn]}).text == text
        assert one({"prompt": "?", "response": turn}).text == text
        assert one({"prompt": "?", "response": {"text": "4", name: "2+2"}}).text == text
        assert one({"prompt": "?", "response": "4", name: "2+2"}).text == text
        both = group({"prompt": "?", "responses": ["4", "5"], name: ["2+2", None]}).responses
        assert [response.text for response in both] == [text, "5"]

    def test_sharegpt(self):
        said = [{"from": "human", "value": "?"}, {"from": "gpt", "value": "4", "thinking": "2+2"}]
        assert one({"conversations": said}).text == "<think>2+2</think>4"

    def test_parts_of_anthropic_and_mistral(self):
        hidden = {"type": "redacted_thinking", "data": "x"}
        shown = {"type": "thinking", "thinking": "2+2", "signature": "s"}
        parts = [shown, hidden, {"type": "text", "text": "4"}]
        assert one({"prompt": "?", "response": [message(content=parts)]}).text == (
            "<think>2+2</think>4"
        )
        thinking = [{"type": "thinking", "thinking": [{"type": "text", "text": "2+2"}]}]
        turn = message(content=[*thinking, {"type": "text", "text": "4"}])
        assert one({"prompt": "?", "response": [turn]}).text == "<think>2+2</think>4"

    def test_a_text_that_has_its_block_keeps_it(self):
        text = "<think>2+2</think>4"
        assert one({"prompt": "?", "response": text, "reasoning": "2+2"}).text == text
        assert one({"prompt": "?", "response": "4", "reasoning": ""}).text == "4"
        assert one({"prompt": "?", "response": "4", "reasoning": True}).text == "4"

    @pytest.mark.parametrize("think", ["a", "say </think> now", "</think> or [/THINK]", "思\n考"])
    @pytest.mark.parametrize("text", ["", "4", "a </think> b"])
    def test_reasoning_and_text_come_back(self, think, text):
        found = split(with_think(think, text))
        assert (found.think, found.answer) == (think, text)
        assert split(with_think(think, "", is_finished=False)).status == "unclosed"

    def test_no_content_is_unfinished_reasoning(self):
        response = one({"prompt": "?", "response": [message(content=None, reasoning="\\boxed{4}")]})
        assert split(response.text) == ("\\boxed{4}", "", "unclosed")

    def test_the_last_of_several_turns_says_the_same_as_the_text(self):
        said = [{"role": "user", "content": "?"}, message(content="a", tool_calls=[CALL]),
                {"role": "tool", "content": "4"}, message(content="4", reasoning="ok")]  # fmt: skip
        response = one({"messages": said})
        assert response.messages[:-1] == tuple(said[1:3])
        assert response.messages[-1] == message(content="<think>ok</think>4")
        assert response.text == "<think>ok</think>4"

    def test_they_are_counted(self):
        rows = [
            {"prompt": "?", "response": "4", "reasoning": "2+2"},
            {"messages": [{"role": "user", "content": "?"}, message(content="4", thinking="2")]},
            {"prompt": "?", "response": "4<|im_end|>"},
            {"prompt": "?", "response": "4"},
        ]
        found = [Layout().row(row).intake for row in rows]
        assert [tuple(intake) for intake in found] == [(0, 1), (0, 1), (1, 0), (0, 0)]


class TestCalls:
    def test_a_turn_without_text_says_so(self):
        rows = [{"messages": [{"role": "user", "content": "?"},
                              message(content=None, tool_calls=[CALL])]}]  # fmt: skip
        (result,) = score("rules.baseline.length", rows)
        assert result.scores[0].value == 0.0
        assert "no text: its turn makes tool calls" in str(result.scores[0].note)
        (empty,) = score("rules.baseline.length", [{"prompt": "?", "response": ""}])
        assert empty.scores[0].note is None

    def test_reasoning_beside_calls(self):
        response = one({"prompt": "?", "response": [
            message(content=None, reasoning_content="look it up", tool_calls=[CALL])]})  # fmt: skip
        assert response.text == "<think>look it up</think>"
        assert response.messages[-1]["tool_calls"] == [CALL]

    def test_calls_of_anthropic_and_of_before(self):
        parts = [{"type": "text", "text": "Let me see."},
                 {"type": "tool_use", "id": "c", "name": "f", "input": {"a": 1}}]  # fmt: skip
        response = one({"prompt": "?", "response": [message(content=parts)]})
        assert response.text == "Let me see."
        assert response.messages[-1]["tool_calls"][0]["function"] == {
            "name": "f",
            "arguments": {"a": 1},
        }
        assert load("rules.baseline.length").score([Group("?", [response])])[0][0].value == 11
        old = message(content=None, function_call={"name": "f", "arguments": "{}"})
        assert one({"prompt": "?", "response": [old]}).messages[-1]["tool_calls"]

    def test_a_picture_is_no_text(self):
        parts = [{"type": "text", "text": "see"}, {"type": "image_url", "image_url": {"url": "x"}}]
        response = one({"prompt": "?", "response": [message(content=parts)]})
        assert response.messages[-1]["content"] == parts
        with pytest.raises(DataError, match="a text rule cannot read the part"):
            load("rules.baseline.length").score([Group("?", [response])])


class TestObjects:
    CHOICE = {"index": 0, "message": message(content="4", reasoning_content="2+2"),
              "finish_reason": "length"}  # fmt: skip
    OUTPUT = [
        {"id": "r", "type": "reasoning", "summary": [{"type": "summary_text", "text": "2+2"}]},
        {"id": "m", "type": "message", "role": "assistant", "status": "completed",
         "content": [{"type": "output_text", "text": "4", "annotations": []}]},
    ]  # fmt: skip

    def test_chat_completions(self):
        whole = {"id": "x", "object": "chat.completion", "choices": [self.CHOICE], "model": "m"}
        for value in (whole, {"status_code": 200, "body": whole}, self.CHOICE):
            response = one({"prompt": "?", "response": value})
            assert (response.text, response.finish_reason) == ("<think>2+2</think>4", "length")
        two = group({"prompt": "?", "response": {**whole, "choices": [self.CHOICE] * 2}})
        assert [response.text for response in two.responses] == ["<think>2+2</think>4"] * 2
        legacy = {"object": "text_completion", "choices": [{"text": "4", "finish_reason": "stop"}]}
        assert one({"prompt": "?", "response": legacy}).text == "4"

    def test_content_null_is_unfinished_only_at_the_length_limit(self):
        turn = message(content=None, reasoning_content="2+2")
        for finish, status in (("length", "unclosed"), ("stop", "closed"), (None, "closed")):
            choice = {"message": turn, "finish_reason": finish}
            response = one({"prompt": "?", "response": {"choices": [choice]}})
            assert split(response.text) == ("2+2", "", status)

    def test_a_refusal_is_text(self):
        choice = {"message": message(content=None, refusal="I cannot."), "finish_reason": "stop"}
        assert one({"prompt": "?", "response": {"choices": [choice]}}).text == "I cannot."

    def test_responses(self):
        whole = {"id": "x", "object": "response", "status": "completed", "output": self.OUTPUT}
        for raw in ({"prompt": "?", "response": whole}, {"prompt": "?", **whole}):
            response = one(raw)
            assert (response.text, response.finish_reason) == ("<think>2+2</think>4", "stop")
        assert one({"prompt": "?", "response": {"body": whole}}).text == "<think>2+2</think>4"
        assert one({"prompt": "?", "response": self.OUTPUT}).finish_reason is None

    def test_responses_that_call_or_end_too_early(self):
        call = {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}
        whole = {"object": "response", "status": "completed", "output": [self.OUTPUT[0], call]}
        response = one({"prompt": "?", "response": whole})
        assert (response.text, response.finish_reason) == ("<think>2+2</think>", "tool_calls")
        assert response.messages[-1]["tool_calls"] == [CALL]
        cut = {"object": "response", "status": "incomplete", "output": self.OUTPUT[:1],
               "incomplete_details": {"reason": "max_output_tokens"}}  # fmt: skip
        response = one({"prompt": "?", "response": cut})
        assert (split(response.text).status, response.finish_reason) == ("unclosed", "length")

    def test_a_failed_request_is_an_error(self):
        failed = {"object": "response", "output": [], "error": {"message": "overloaded"}}
        with pytest.raises(DataError, match="overloaded"):
            response_of(failed, "response")
        assert response_of({"text": "4"}, "response") is None
        with pytest.raises(DataError, match="at least one choice"):
            response_of({"choices": []}, "response")

    def test_a_list_of_texts_or_messages_is_no_output(self):
        assert not is_output([message(content="4")])
        assert not is_output([{"type": "text", "text": "4"}])
        assert not is_output([])


class TestRecipe:
    @pytest.mark.parametrize(
        ("responses", "recipe"),
        [
            (["<think>a</think><answer>4</answer>"] * 3 + ["4"], "r1"),
            (["<think>a</think>4", "<think>cut"], "reasoning"),
            (["a</think>\\boxed{4}"], "reasoning"),
            (["[THINK]a[/THINK]4"], "reasoning"),
            (["It is 4."] * 9 + ["<think>a</think>4"], "math"),
            ([], "math"),
        ],
    )
    def test_the_recipe_that_fits(self, responses, recipe):
        assert recipe_for(responses) == recipe


def test_a_group_without_anything_of_the_kind_is_the_same_object():
    plain = Group("2+2?", ["4"], {"reference": "4"})
    assert admitted(plain, {})[0] is plain


class TestNulls:
    @pytest.mark.parametrize("name", ["reasoning_content", "reasoning", "thinking"])
    @pytest.mark.parametrize("column", ["response", "completion", "output"])
    def test_a_null_beside_reasoning_is_a_response_that_is_all_reasoning(self, column, name):
        raw = {"prompt": "6 x 7?", column: None, "reference": "42", name: "\\boxed{42}"}
        assert one(raw).text == "<think>\\boxed{42}</think>"
        assert one(raw, response=column).text == "<think>\\boxed{42}</think>"
        cut = one({**raw, "finish_reason": "length"})
        assert split(cut.text).status == "unclosed"
        found = score("rules.math.equal", [raw])
        assert found.values == [0.0]
        assert Layout().reading(raw)["response"] == column

    @pytest.mark.parametrize("beside", [{}, {"reasoning": None}, {"reasoning": ""}, {"notes": "a"}])
    def test_a_null_without_reasoning_is_refused(self, beside):
        row = Layout().row({"prompt": "q", "response": None, **beside})
        assert "field 'response': expected text, found null" in str(row.group)

    def test_another_column_with_text_is_the_response(self):
        raw = {"prompt": "q", "response": None, "completion": "4", "reasoning": "a"}
        assert one(raw).text == "<think>a</think>4"

    @pytest.mark.parametrize("beside", [{}, {"tool_calls": []}, {"tool_calls": None}])
    def test_an_answer_without_content_and_calls_is_an_empty_response(self, beside):
        empty = message(content=None, **beside)
        asked = {"role": "user", "content": "2+2?"}
        for raw in (
            {"messages": [asked, empty], "reference": "4"},
            {"prompt": "2+2?", "response": [empty], "reference": "4"},
            {"prompt": "2+2?", "responses": [[empty]], "reference": "4"},
        ):
            assert one(raw).text == ""
            scored = load("rules.math.equal").score([group(raw)])[0][0]
            assert scored.value == 0.0
            assert "the response has no text: its turn is empty" in str(scored.note)
        chat = {"conversations": [{"from": "human", "value": "q"}, {"from": "gpt", "value": None}]}
        assert one(chat).text == ""

    def test_only_an_answer_may_be_empty_so(self):
        asked = {"role": "user", "content": None}
        row = Layout().row({"messages": [asked, message(content="4")]})
        assert "messages[0].content" in str(row.group)
        row = Layout().row({"messages": [{"role": "user", "content": "q"}, message()]})
        assert "messages[1].content" in str(row.group)

    def test_a_null_among_responses_is_refused_by_its_place(self):
        row = Layout().row({"prompt": "q", "responses": ["\\boxed{4}", None]})
        assert "field 'responses[1]': expected text, found null" in str(row.group)
        raw = {"prompt": "q", "responses": ["4", None], "reasoning": ["a", "b"]}
        assert [r.text for r in group(raw).responses] == ["<think>a</think>4", "<think>b</think>"]
        row = Layout().row({**raw, "reasoning": ["a", None]})
        assert "responses[1]" in str(row.group)

    def test_a_rule_that_reads_the_turns_gets_no_note_of_missing_text(self):
        call = message(content=None, tool_calls=[CALL])
        raw = {
            "messages": [{"role": "user", "content": "q"}, call],
            "expected_calls": [{"name": "f", "arguments": {}}],
        }
        (scored,) = load("rules.tools.equal").score([group(raw)])[0]
        assert "no text" not in str(scored.note)
