"""Rows become groups: every column name that the issue lists, and what is wrong with bad rows."""

from __future__ import annotations

import pytest

from plaudit import load
from plaudit.data.rows import Layout
from plaudit.errors import ConfigError, DataError


def group(raw, **columns):
    row = Layout(columns).row(raw, "f.jsonl", 7)
    assert not isinstance(row.group, DataError), row.group
    return row.group


def error(raw, **columns) -> str:
    row = Layout(columns).row(raw, "f.jsonl", 7)
    assert isinstance(row.group, DataError)
    assert row.group.where == "f.jsonl:7"
    return str(row.group)


def texts(raw, **columns):
    return [r.text for r in group(raw, **columns).responses]


USER = {"role": "user", "content": "2+2?"}
YES = {"role": "assistant", "content": "4"}
NO = {"role": "assistant", "content": "5"}


class TestPrompt:
    @pytest.mark.parametrize(
        "name", ["prompt", "question", "problem", "instruction", "query", "input"]
    )
    def test_any_of_the_usual_names_is_the_prompt(self, name):
        found = group({name: "2+2?", "response": "4"})
        assert found.prompt == (USER,)
        assert found.columns == {}

    def test_input_is_appended_to_an_instruction(self):
        raw = {"instruction": "Add.", "input": "2+2", "output": "4"}
        assert group(raw).prompt[0]["content"] == "Add.\n2+2"
        assert group({**raw, "input": ""}).prompt[0]["content"] == "Add."
        assert group({**raw, "input": None}).prompt[0]["content"] == "Add."

    def test_the_first_name_wins_and_the_others_stay_columns(self):
        found = group({"question": "q", "prompt": "p", "response": "r"})
        assert found.prompt[0]["content"] == "p"
        assert found.columns == {"question": "q"}

    def test_a_list_of_messages_is_passed_through_untouched(self):
        said = [{"role": "system", "content": "Be brief."}, {**USER, "name": "ann"}]
        found = group({"prompt": said, "response": "4"})
        assert found.prompt == tuple(said)
        assert found.prompt[1] is said[1]

    def test_messages_beside_a_response_are_the_prompt_up_to_the_last_user_turn(self):
        assert group({"messages": [USER, YES, USER], "response": "4"}).prompt == (USER, YES, USER)
        assert group({"messages": [USER, YES], "response": "4"}).prompt == (USER,)
        tool = {"role": "tool", "content": "4"}
        assert group({"messages": [USER, YES, tool], "response": "4"}).prompt == (USER, YES, tool)

    def test_without_any_prompt_column_the_prompt_is_empty(self):
        assert group({"response": "4"}).prompt == ()
        assert group({"response": "4", "prompt_id": 3}).columns == {"prompt_id": 3}

    @pytest.mark.parametrize("name", ["promt", "Prompt", "quesiton", "prompts"])
    def test_a_misspelt_prompt_is_an_error_and_not_an_empty_prompt(self, name):
        told = error({name: "2+2?", "response": "4"})
        assert f"{name!r} looks like it" in told
        assert "field 'prompt'" in told

    def test_a_null_prompt_is_an_error_unless_another_column_holds_one(self):
        assert "expected text or messages, found null" in error({"prompt": None, "response": "4"})
        assert group({"prompt": None, "question": "q", "response": "4"}).prompt != ()

    def test_a_number_is_no_prompt(self):
        told = error({"prompt": 12, "response": "4"})
        assert (
            told == "f.jsonl:7: field 'prompt': expected text or a list of messages, found 12 (int)"
        )


class TestResponses:
    @pytest.mark.parametrize("name", ["response", "completion", "output"])
    def test_one_response(self, name):
        row = Layout().row({"prompt": "2+2?", name: "4", "level": 3})
        assert [r.text for r in row.group.responses] == ["4"]
        assert row.group.columns == {"level": 3}
        assert row.is_list is False

    @pytest.mark.parametrize("name", ["responses", "completions", "outputs"])
    def test_several_responses(self, name):
        row = Layout().row({"prompt": "2+2?", name: ["4", "5"]})
        assert [r.text for r in row.group.responses] == ["4", "5"]
        assert row.is_list is True

    def test_one_name_with_a_list_of_texts_holds_several(self):
        assert texts({"output": ["4", "5"]}) == ["4", "5"]

    def test_a_list_of_one_stays_a_list(self):
        assert Layout().row({"responses": ["4"]}).is_list is True

    def test_conversational_completions(self):
        assert texts({"prompt": [USER], "completion": [YES]}) == ["4"]
        assert texts({"prompt": [USER], "completions": [[YES], [NO]]}) == ["4", "5"]
        assert texts({"prompt": [USER], "completions": [YES, NO]}) == ["4", "5"]

    def test_a_response_of_several_turns_keeps_them_and_its_text_is_the_last(self):
        call = {"role": "assistant", "content": None, "tool_calls": [{"name": "add"}]}
        turns = [call, {"role": "tool", "content": "4"}, YES]
        (response,) = group({"prompt": "2+2?", "completion": turns}).responses
        assert (response.text, response.messages) == ("4", tuple(turns))

    def test_a_final_tool_call_has_an_empty_text(self):
        call = {"role": "assistant", "content": None, "tool_calls": [{"name": "add"}]}
        (response,) = group({"prompt": "2+2?", "completion": [call]}).responses
        assert (response.text, response.messages) == ("", (call,))

    def test_content_parts_are_joined_and_a_part_that_is_no_text_is_an_error(self):
        parts = [{"type": "text", "text": "4"}, {"type": "text", "text": "!"}]
        assert texts({"completion": [{"role": "assistant", "content": parts}]}) == ["4!"]
        image = [{"type": "image", "url": "x"}]
        read = group({"completion": [{"role": "assistant", "content": image}]})
        assert read.responses[0].messages[0]["content"] == image
        with pytest.raises(DataError, match="a text rule cannot read the part"):
            load("rules.baseline.length").score([read])

    def test_objects_with_a_text_keep_the_rest_as_columns(self):
        raw = {"completions": [{"response": "4", "model": "m", "score": None}, {"text": "5"}]}
        first, second = group(raw).responses
        assert (first.text, first.columns) == ("4", {"model": "m"})
        assert (second.text, second.columns) == ("5", {})

    def test_objects_may_carry_token_ids_and_finish_reason(self):
        item = {"text": "4", "token_ids": [1, 2], "finish_reason": "stop"}
        (response,) = group({"responses": [item]}).responses
        assert (response.token_ids, response.finish_reason) == ((1, 2), "stop")

    def test_messages_that_end_with_the_assistant_are_prompt_and_response(self):
        found = group({"messages": [USER, NO, USER, YES]})
        assert found.prompt == (USER, NO, USER)
        assert found.responses[0].text == "4"

    def test_sharegpt_conversations(self):
        said = [{"from": "human", "value": "2+2?"}, {"from": "gpt", "value": "4"}]
        found = group({"conversations": said})
        assert (found.prompt, found.responses[0].text) == ((USER,), "4")

    def test_messages_that_end_with_the_user_hold_no_response(self):
        assert "expected a turn of the assistant at the end" in error({"messages": [USER]})
        tool = {"role": "tool", "content": "4"}
        assert "found the role 'tool'" in error({"messages": [USER, YES, tool]})

    def test_an_empty_response_is_a_response(self):
        assert texts({"prompt": "2+2?", "response": ""}) == [""]

    def test_null_number_and_list_of_numbers_are_errors(self):
        assert "field 'response': expected text, found null" in error({"response": None})
        assert "field 'response': expected text, found 4 (int)" in error({"response": 4})
        assert "field 'responses[1]': expected text, found 4 (int)" in error(
            {"responses": ["4", 4]}
        )
        assert "expected a list of responses, found '4'" in error({"responses": "4"})
        assert "field 'responses[0]': expected text, found null" in error({"responses": [None]})

    def test_an_empty_list_of_responses_is_an_error(self):
        assert "field 'responses': expected at least one response" in error({"responses": []})
        assert "expected at least one response" in error({"response": []})

    def test_a_missing_response_lists_the_columns_and_the_close_match(self):
        told = error({"prompt": "q", "respnse": "4", "level": 2})
        assert "the row has prompt, respnse, level" in told
        assert "'respnse': did you mean 'response'?" in told
        assert "columns={'response': NAME}" in told

    def test_several_response_columns_are_ambiguous_and_the_error_names_the_way_out(self):
        raw = {"response": "4", "output": "5"}
        assert "response, output; choose one with columns={'response': 'response'}" in error(raw)
        assert texts(raw, response="response") == ["4"]
        assert texts(raw, response="output") == ["5"]
        assert group(raw, response="response").columns == {"output": "5"}

    def test_a_null_column_does_not_make_a_row_ambiguous(self):
        assert texts({"response": None, "responses": ["4"]}) == ["4"]

    @pytest.mark.parametrize(
        ("turns", "told"),
        [
            ([{"role": "user"}, YES], "messages[0].content"),
            ([{"content": "x"}, YES], "expected a list of messages"),
            ([USER, {"role": 3, "content": "x"}], "field 'messages[1]': expected a message"),
            ([USER, "4"], "field 'messages[1]': expected a message with role and content"),
            ("2+2?", "expected a list of messages, found '2+2?'"),
            ([], "expected a list of messages, found []"),
            ([USER, {"role": "assistant", "content": 4}], "content is text, found 4 (int)"),
        ],
    )
    def test_malformed_messages(self, turns, told):
        if turns and turns[0] == {"content": "x"}:
            told = "field 'messages[0]': expected a message with role and content"
        assert told in error({"messages": turns})


class TestPairs:
    def test_chosen_and_rejected_are_a_group_of_two_with_labels(self):
        row = Layout().row({"prompt": "2+2?", "chosen": "4", "rejected": "5"})
        chosen, rejected = row.group.responses
        assert (chosen.text, chosen.columns) == ("4", {"label": "chosen"})
        assert (rejected.text, rejected.columns) == ("5", {"label": "rejected"})
        assert row.is_list is True

    def test_conversations_share_their_prompt(self):
        found = group({"chosen": [USER, NO, USER, YES], "rejected": [USER, NO, USER, NO]})
        assert found.prompt == (USER, NO, USER)
        assert [r.text for r in found.responses] == ["4", "5"]

    def test_equal_conversations_still_have_answers(self):
        found = group({"chosen": [USER, YES], "rejected": [USER, YES]})
        assert found.prompt == (USER,)
        assert [r.text for r in found.responses] == ["4", "4"]

    def test_the_shared_prefix_outranks_a_prompt_column_but_answers_alone_take_it(self):
        both = {"prompt": "2+2?", "chosen": [USER, YES], "rejected": [USER, NO]}
        assert group(both).prompt == (USER,)
        alone = {"prompt": "2+2?", "chosen": [YES], "rejected": [NO]}
        assert group(alone).prompt == (USER,)
        assert texts(alone) == ["4", "5"]

    def test_single_messages_as_answers(self):
        raw = {
            "conversations": [{"from": "human", "value": "2+2?"}],
            "chosen": {"from": "gpt", "value": "4"},
            "rejected": {"from": "gpt", "value": "5"},
        }
        assert group(raw).prompt == (USER,)
        assert texts(raw) == ["4", "5"]

    def test_response_a_and_b(self):
        found = group({"prompt": "q", "response_a": "4", "response_b": "5", "preference": "a"})
        assert [(r.text, r.columns) for r in found.responses] == [("4", {}), ("5", {})]
        assert found.columns == {"preference": "a"}

    def test_half_a_pair_is_a_missing_response(self):
        assert "missing column" in error({"prompt": "q", "chosen": "4"})


class TestResponseColumns:
    def test_lists_with_one_item_for_each_response(self):
        found = group(
            {
                "responses": ["4", "5"],
                "correct": [True, False],
                "models": ["m", "n"],
                "labels": [1, 0],
                "finish_reasons": ["stop", None],
                "token_ids": [[1, 2], [3]],
                "tests": ["t1", "t2"],
            }
        )
        first, second = found.responses
        assert first.columns == {"correct": True, "model": "m", "label": 1}
        assert second.columns == {"correct": False, "model": "n", "label": 0}
        assert (first.finish_reason, second.finish_reason) == ("stop", None)
        assert (first.token_ids, second.token_ids) == ((1, 2), (3,))
        assert found.columns == {"tests": ["t1", "t2"]}

    def test_a_single_response_takes_flat_or_nested_token_ids(self):
        for ids in ([1, 2], [[1, 2]]):
            (response,) = group({"response": "4", "completion_ids": ids}).responses
            assert response.token_ids == (1, 2)
        (response,) = group({"response": "", "token_ids": []}).responses
        assert response.token_ids == ()

    def test_a_single_response_keeps_scalars_with_the_group(self):
        found = group({"response": "4", "correct": True, "finish_reason": "length", "label": ["x"]})
        assert found.columns == {"correct": True, "label": ["x"]}
        assert found.responses[0].finish_reason == "length"

    @pytest.mark.parametrize("name", ["labels", "models", "token_ids", "finish_reasons"])
    def test_ragged_lists_are_errors(self, name):
        item = [1] if name == "token_ids" else "x"
        told = error({"responses": ["4", "5"], name: [item] * 3})
        assert f"field '{name}': expected one item for each of the 2 responses, found 3" in told

    def test_a_correct_column_of_another_length_stays_with_the_group(self):
        found = group({"responses": ["4", "5"], "correct": ["a", "b", "c"]})
        assert found.columns == {"correct": ["a", "b", "c"]}

    @pytest.mark.parametrize("ids", ["12", 3, [1, "2"], [1.5], [True]])
    def test_token_ids_are_integers(self, ids):
        assert "list of token ids" in error({"response": "4", "token_ids": ids})

    def test_a_finish_reason_is_text(self):
        assert "expected a text for each response, found 3" in error(
            {"response": "4", "finish_reason": 3}
        )
        assert "field 'finish_reason[0]': expected text, found 3" in error(
            {"responses": ["4"], "finish_reason": [3]}
        )


class TestColumns:
    def test_id_is_text_and_all_other_columns_stay(self):
        found = group({"id": 12, "response": "4", "reference": "4", "meta": {"a": 1}})
        assert found.id == "12"
        assert found.columns == {"reference": "4", "meta": {"a": 1}}

    def test_null_columns_are_absent(self):
        assert group({"id": None, "response": "4", "reference": None}).columns == {}

    def test_mapping_renames(self):
        raw = {"q": "2+2?", "out": "4", "gold": "4", "uid": "a", "response": "not this"}
        found = group(raw, prompt="q", response="out", reference="gold", id="uid")
        assert found.prompt == (USER,)
        assert [r.text for r in found.responses] == ["4"]
        assert (found.columns, found.id) == ({"reference": "4"}, "a")

    def test_a_mapped_pair(self):
        raw = {"q": "2+2?", "good": "4", "bad": "5"}
        assert texts(raw, prompt="q", chosen="good", rejected="bad") == ["4", "5"]

    def test_a_mapped_name_shadows_the_column_of_that_name(self):
        raw = {"response": "4", "reference": "wrong", "gold": "4"}
        assert group(raw, reference="gold").columns == {"reference": "4"}

    def test_a_dotted_source_reaches_into_an_object(self):
        raw = {"response": "4", "reward_model": {"ground_truth": "4"}}
        found = group(raw, reference="reward_model.ground_truth")
        assert found.columns["reference"] == "4"
        assert "has no 'truth'" in error(raw, reference="reward_model.truth")

    def test_an_unknown_mapped_column_is_named_with_its_close_match(self):
        told = error({"response": "4", "answer": "4"}, reference="anwser")
        assert "field 'reference': the mapped column 'anwser' is missing" in told
        assert "the row has response, answer" in told
        assert "did you mean 'answer'?" in told

    def test_a_null_mapped_column_says_so(self):
        told = error({"response": "4", "gold": None}, reference="gold")
        assert "the mapped column 'gold' is null" in told

    def test_a_mapping_of_other_than_names_is_refused(self):
        with pytest.raises(ConfigError, match="columns maps names"):
            Layout({"prompt": 3})

    def test_a_column_name_that_is_no_text(self):
        assert "a column's name is text, found 3" in error({3: "x", "response": "4"})

    def test_rows_of_different_shapes_share_a_layout(self):
        layout = Layout()
        rows = [{"response": "4"}, {"responses": ["4"]}, {"response": "4"}, {"response": None}]
        kinds = [type(layout.row(raw).group).__name__ for raw in rows]
        assert kinds == ["Group", "Group", "Group", "DataError"]

    def test_a_null_prompt_after_a_row_without_prompt_column_is_still_an_error(self):
        layout = Layout()
        assert layout.row({"response": "4"}).group.prompt == ()
        assert isinstance(layout.row({"prompt": None, "response": "4"}).group, DataError)

    def test_thousands_of_shapes_do_not_pile_up(self):
        layout = Layout()
        for i in range(2500):
            layout.row({"response": "4", f"c{i}": 1})
        assert len(layout._plans) <= 1001
