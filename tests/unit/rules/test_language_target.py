"""The language that a response is due in, and what counts against it: prompts of many kinds,
cases of public suites, and laws over the shared data."""

from __future__ import annotations

import gzip
import json
import math
import random
import re
from pathlib import Path

import pytest

import plaudit
from plaudit import load
from plaudit.errors import ScoringError
from plaudit.rules import language
from plaudit.text.language_request import requested_languages
from plaudit.text.language_target import target_of
from plaudit.text.languages import NAMES, PROFILES, identify, latin_words
from plaudit.text.scripts import LANGUAGES
from plaudit.types import Group

DATA = Path(__file__).parents[3] / "../shared/data"

EN = (
    "First we look at the problem and write down what we know. Then we take the derivative of the"
    " function and set it to zero, which gives the point where the slope changes. So the answer is"
    " that the function has its minimum there."
)
ZH = (
    "首先我们看一下题目，写下已知条件。然后对函数求导，令导数等于零，"
    "得到斜率变号的点。所以函数在那里取得最小值。"
)
ZH_TERMS = (
    "在 PyTorch 里可以用 torch.utils.checkpoint 来做 gradient checkpointing："
    "前向传播时不保存中间激活，反向传播时重新计算，从而用计算换显存。"
    "对于 Transformer 模型，一般把每个 block 包起来，再配合 AMP 和"
    " DeepSpeed 的 ZeRO 使用，batch size 可以提高不少，但训练速度会下降大约百分之三十。"
)
JA = (
    "まず問題を見て、分かっていることを書き出します。"
    "次に関数を微分して、導関数がゼロになる点を求めます。"
)
KO = (
    "먼저 문제를 보고 알고 있는 것을 적습니다."
    " 그다음 함수를 미분하여 도함수가 영이 되는 점을 구합니다."
)
FR = (
    "D'abord nous regardons le problème et nous écrivons ce que nous savons. Ensuite nous prenons"
    " la dérivée de la fonction et nous cherchons le point où elle est nulle, ce qui donne le"
    " minimum."
)
ES = (
    "Primero miramos el problema y escribimos lo que sabemos. Después tomamos la derivada de la"
    " función y buscamos el punto donde es cero, que es donde la función tiene su mínimo."
)


def value(response, prompt="", column=None, **params):
    return language.consistency(response, prompt, column, part="all", **params).value


# --- what is asked for ----------------------------------------------------------------------------

ASKED = [
    ("reply in Spanish", "es"),
    ("Reply in spanish please: what is 2+2?", "es"),
    ("Translate into Chinese: good morning", "zh"),
    ("Translate the following from English into Chinese: hi", "zh"),
    ("翻译成英文：你好", "en"),
    ("请翻译成德语：When it began", "de"),
    ("Explique la photosynthèse en français.", "fr"),
    ("日本語で答えてください。", "ja"),
    ("英語に翻訳してください：猫", "en"),
    ("한국어로 대답해 주세요.", "ko"),
    ("영어로 번역하세요: 고양이", "en"),
    ("What is 2+2? 请用中文回答", "zh"),
    ("Erkläre das auf Deutsch.", "de"),
    ("Responda em português: quanto é 2+2?", "pt"),
    ("Ответь на русском языке.", "ru"),
    ("Ответь по-русски", "ru"),
    ("Rispondi in italiano.", "it"),
    ("أجب باللغة العربية", "ar"),
    ("أجب بالعربية", "ar"),
    ("In French, write a poem about the sea.", "fr"),
    ("Can you answer in French?", "fr"),
    ("Write a poem in French about love", "fr"),
    ("Could you explain in Spanish how photosynthesis works?", "es"),
    ("用英语写一封酒店预定信，希望酒店能升级到海景房。", "en"),  # zh_pairs
    ("写一篇英文作文，题目是我的家乡", "en"),
    ("请写一篇英语短文", "en"),
    ("请用English回答", "en"),
    ("请以英文回答", "en"),
    ("中文回答", "zh"),
    ("请说中文", "zh"),
    ("全部用英文输出", "en"),
    ("请使用简体中文作答", "zh"),
    ("把下面的英文翻译成中文：hi", "zh"),
    ("请把Make America great again翻译成中文。", "zh"),  # zh_pairs
    ("这个任务是将给定的英语句子翻译成法语。", "fr"),  # zh_pairs
    ("任务：将英语句子转换成古吉拉特语。", "gu"),  # zh_pairs
    ("先用中文介绍一下什么是自然语言处理，然后翻译成英语。", "zh en"),  # zh_pairs
    ("Answer in English and Chinese.", "en zh"),
    ("Think in English, then answer in Japanese.", "en ja"),
    ("Translate from French to English: bonjour", "en"),
    ("English to French translation: cat", "fr"),
    ("English: Hello\nFrench:", "fr"),
    ("Language: German", "de"),
    ("Your response should be in Italian.", "it"),
    ("Please answer in Traditional Chinese.", "zh"),
    ("Answer in Simplified Chinese only.", "zh"),
    ("Write an English essay about dogs.", "en"),
    ("Respond in the Swahili language.", "sw"),
    ("Please respond only in Korean, no other language is allowed.", "ko"),
    ("Écris un poème en anglais.", "en"),
    ("Summarize the text below in English:", "en"),
    ("Don't answer in English; use Chinese.", "zh"),
    ("请不要用英文回答，用中文。", "zh"),
    ("中译英：我喜欢吃苹果。", "en"),
    ("日译中：おはよう", "zh"),
    ("EN->ZH: Water is good for you.", "zh"),
    ("en → ja: good morning", "ja"),
    ("English -> German: good morning", "de"),
    ("Translate to zh: Water is good for you.", "zh"),
    ("Translate the sentence into ja: hi", "ja"),
    ("What's gradient descent? 讲中文", "zh"),
    ("写邮件模板（英文）", "en"),
    ("写一份简历，英文版", "en"),
    ("Write a note (in French) to my landlord.", "fr"),
    ("Write a note to my landlord (French)", "fr"),
    ("以英语为语言，写一段关于水的介绍", "en"),
    ("Escribe un poema en inglés sobre el mar.", "en"),
    ("Schreibe auf Englisch einen kurzen Brief an deinen Freund.", "en"),
    ("Scrivi una lettera in tedesco al mio capo.", "de"),
    ("Compose an email to my boss in Japanese saying I'm sick.", "ja"),
    ("Write a letter in German inviting my friends.", "de"),
    ("Explain the difference between TCP and UDP in Japanese.", "ja"),
    ("Explain 塞翁失马 in Chinese.", "zh"),
    # eval-protocol tests/test_language_consistency.py, the prompts of its cases
    ("Write a response in English", "en"),
    ("Escribe una respuesta en español", "es"),
    ("Write a response in Spanish", "es"),
    ("用中文写一个回答", "zh"),
]


@pytest.mark.parametrize(("prompt", "codes"), ASKED)
def test_a_language_asked_for_is_the_target(prompt, codes):
    assert set(requested_languages(prompt).clear) == set(codes.split())
    assert set(target_of(prompt).languages) == set(codes.split())


@pytest.mark.parametrize(
    "prompt",
    [
        "Tell me about English villages.",
        "What is the word for cat in French?",
        "How do you say cat in French?",
        "苹果用英语怎么说？",
        "Write a story set in an English village.",
        "Describe life in Chinese history.",
        "我想提高英语写作能力，有什么建议？",
        "写一篇关于英语学习的文章",
        "请解释英语中的虚拟语气",
        "Translate: 你好世界",
        "检查老挝语句子是否是日语的翻译",
        "以英语为母语的国家有哪些？",
        "您将会看到一个用德语提出的问题，请选择一个选项。",  # zh_pairs
        "Explain how adjectives agree in Spanish.",
        "介绍一下中文分词",
        "推荐几本英文小说",
        "I hope the title is not too bad - english is not my first language.",  # en_pairs
        "Name ten words in German",
        "Explain the difference between は and が in Japanese.",
        "Explain the difference between ser and estar in Spanish.",
        "Explain when to use 了 in Chinese.",
        "怎么把 Windows 系统语言改成英文？",
        "如何把手机语言设置成日文？",
        "怎么在 Word 里切换到英文输入法？",
        "How do I change the language of my phone to Japanese?",
        "What does 中译英 mean?",
        "介绍中译英的技巧",
        "Describe life in English-speaking countries.",
    ],
)
def test_a_language_only_named_is_not_asked_for(prompt):
    assert requested_languages(prompt).clear == ()
    assert requested_languages(prompt).excluded == ()


def test_a_word_asked_for_by_its_language_may_be_answered_with():
    assert "zh" in target_of("Chinese for happy birthday").languages


def test_code_alone_is_the_responses_fault_and_not_in_another_language():
    (score,) = load("rules.language.consistency", part="all").score(
        [Group("用 Python 打印", ['print("hello")'])]
    )[0]
    assert (score.value, score.fault) == (0.0, "response")


def test_what_may_be_meant_is_accepted_beside_the_prompts_own_language():
    assert value("Chat.", "How do you say cat in French?") == 1.0
    assert set(target_of("苹果用英语怎么说？").languages) == {"zh", "en"}


def test_a_prompt_that_rules_out_its_own_language_alone_sets_no_target():
    with pytest.raises(ScoringError) as caught:
        target_of("Please do not answer in English. What is the capital?")
    assert caught.value.fault == "input"


def test_every_name_is_of_a_known_language():
    assert set(NAMES.values()) | set(PROFILES) <= set(LANGUAGES)


# --- what a prompt is written in ------------------------------------------------------------------

WRITTEN = [
    ("用 PyTorch 怎么做 gradient checkpointing？", "zh"),
    ("What does 我爱你 mean?", "en"),
    ("请解释 how are you 的意思", "zh"),
    ("How are you 是什么意思", "zh"),
    ("Translate: 你好世界", "en"),
    ("The Lord of the Rings 讲了什么？", "zh"),
    ("Summarize the following article: 今天天气很好。我们去公园玩。你觉得怎么样？", "en"),
    ("请总结下面这篇文章：\nThe quick brown fox. What is it? Please answer.", "zh"),
    ("This is a sentence. 请解释这句话", "zh"),
    ("Is this right? 请判断以下语法", "zh"),
    ("github和gitlab", "zh"),  # zh_pairs
    ("python list 去重", "zh"),
    ("改错：I goes to school yesterday", "zh"),
    ("Correct this: 我是去学校昨天", "en"),
    ("翻译：I love you", "zh"),
    ("Correct the grammar of this sentence: 我昨天去学校了吗吧。", "en"),
    ("Fix the typos in this text: 我昨天去学校了吗吧。", "en"),
    ("Proofread: 我昨天去学校", "en"),
    ("I want to learn 中文", "en"),
    ("Explain the Chinese idiom 画蛇添足.", "en"),
    ("学而时习之，不亦说乎？", "zh"),
    ("請問台灣的首都是哪裡？", "zh"),
    ("Transformer 和 RNN 有什么区别？", "zh"),
    ("请问 the 和 a 怎么区分", "zh"),
    ("解释一下这段代码：\nfor i in range(10):\n    print(i)", "zh"),
    ("def f(x): return x\n这段代码有什么问题", "zh"),
    ("已知 f(x)=sin x, 求 f'(0)", "zh"),
    ('"Вечер тихой песнею над рекой плывёт."是什么意思？', "zh"),  # zh_pairs
    ("请将以下句子写出来：黒の組織によって少年化させられた", "zh"),
    ("Find x such that sin(x) = 1", "en"),
    ("What is 2 + 2?", "en"),
    ("Natalia sold clips to 48 of her friends in April.", "en"),
    ("Quelle est la capitale de la France ?", "fr"),
    ("Was ist die Hauptstadt von Frankreich?", "de"),
    ("¿Cuál es la capital de Francia?", "es"),
    ("Qual é a capital da França?", "pt"),
    ("Qual è la capitale della Francia?", "it"),
    ("Wat is de hoofdstad van Frankrijk?", "nl"),
    ("Hvad er hovedstaden i Frankrig?", "da"),
    ("Mikä on Ranskan pääkaupunki?", "fi"),
    ("Hãy giải thích lý thuyết tương đối", "vi"),
    ("Berapa banyak apel yang tersisa?", "id"),
    ("東京の人口は？", "ja"),
    ("PyTorchでgradient checkpointingを使う方法は？", "ja"),
    ("서울의 인구는 얼마입니까?", "ko"),
    ("PyTorch에서 gradient checkpointing을 어떻게 하나요?", "ko"),
    ("Как сделать gradient checkpointing в PyTorch?", "cyrillic"),
    ("Human: Hi\n\nAssistant: Hello\n\nHuman: 你是谁\n\nAssistant:", "zh"),
    ("Human: 今天天气如何？\n\nAssistant: 很好\n\nHuman: Tell me a joke.\n\nAssistant:", "en"),
]


@pytest.mark.parametrize(("prompt", "code"), WRITTEN)
def test_a_prompt_is_in_the_language_of_its_instruction(prompt, code):
    assert target_of(prompt).languages == (code,)


# --- wrappers around a problem --------------------------------------------------------------------

BOXED = "Please reason step by step, and put your final answer within \\boxed{}."  # DeepSeek, Qwen
BOXED_ZH = "请一步步思考，并把最终答案放在 \\boxed{} 中。"
DAPO = (  # BytedTsinghua-SIA/DAPO-Math-17k, the prompt of its rows
    "Solve the following math problem step by step. The last line of your response should be of the"
    " form Answer: $Answer (without quotes) where $Answer is the answer to the problem.\n\n{}\n\n"
    'Remember to put your answer on its own line after "Answer:".'
)
ALPACA = (  # tatsu-lab/stanford_alpaca README.md
    "Below is an instruction that describes a task. Write a response that appropriately completes"
    " the request.\n\n### Instruction:\n{}\n\n### Response:\n"
)
MCQ = (  # openai/simple-evals common.py, the template of its multiple-choice questions
    "Answer the following multiple choice question. The last line of your response should be of the"
    " following format: 'Answer: $LETTER' (without quotes) where LETTER is one of ABCD. Think step"
    " by step before answering.\n\n{}"
)
ALPACA_ZH = "以下是一个描述任务的指令，请写一个适当完成请求的回答。\n\n### 指令：\n{}\n\n### 回答："
WRAPPERS = [
    f"{{}}\n{BOXED}",
    f"{{}} {BOXED}",
    f"{{}}\n{BOXED_ZH}",
    "{}\n请逐步推理，并将最终答案写在\\boxed{{}}内。",
    "{}\nLet's think step by step.",
    "Solve the following problem: {}",
    "Answer the following question in detail.\n{}",
    "You are a helpful assistant. You first think about the reasoning process in the mind.\n{}",
    "请解答以下数学问题：{}",
    "请一步步思考：{}",
    DAPO,
    ALPACA,
    MCQ,
    ALPACA_ZH,
]
PROBLEMS = {
    "zh": "小明有5个苹果，吃了2个，又买了3个，现在他有几个苹果？",
    "en": "Tom has 5 apples, eats 2 of them, and buys 3 more. How many apples does he have now?",
    "ja": "太郎はりんごを5個持っていて、2個食べました。残りは何個ですか？",
    "cyrillic": "У Тома было пять яблок, он съел два. Сколько яблок у него осталось?",
}


@pytest.mark.parametrize("code", PROBLEMS)
@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_the_problem_and_not_its_wrapper_sets_the_target(wrapper, code):
    prompt = wrapper.replace("{{}}", "{}").replace("{}", PROBLEMS[code], 1)
    assert target_of(prompt).languages == (code,)


def test_a_french_problem_behind_an_english_suffix_is_french():
    assert target_of(
        f"Quelle est la dérivée de la fonction au point zéro ?\n{BOXED}"
    ).languages == ("fr",)


def test_a_wrapper_around_formulas_alone_sets_the_target_itself():
    assert target_of(f"$2+2$\n{BOXED}").languages == ("en",)


def test_a_statement_behind_an_introduction_may_be_due_in_either_language():
    found = target_of("Answer the following question.\n苹果是红色的水果")
    assert set(found.languages) == {"zh", "en"}
    assert " or " in found.name


def test_instructions_on_form_beside_a_real_request_leave_its_language():
    prompt = (
        "Summarize the article. Put your answer in one paragraph.\n今天天气很好。我们去公园玩。"
    )
    assert target_of(prompt).languages == ("en",)
    assert target_of("Explain step by step how to boil an egg").languages == ("en",)


# --- turns before the last one --------------------------------------------------------------------

QUESTION = {"role": "user", "content": PROBLEMS["en"]}


@pytest.mark.parametrize(
    ("before", "code"),
    [
        ([{"role": "system", "content": "Always answer in Chinese."}], "zh"),
        ([{"role": "system", "content": "请始终用中文回答。"}], "zh"),
        ([{"role": "system", "content": "Respond in Chinese regardless of the user."}], "zh"),
        ([{"role": "system", "content": [{"type": "text", "text": "Réponds en français."}]}], "fr"),
        ([{"role": "system", "content": "You are a helpful assistant."}], "en"),
        (
            [
                {"role": "user", "content": "From now on answer in Chinese."},
                {"role": "assistant", "content": "Please answer in German."},
            ],
            "zh",
        ),
        (
            [
                {"role": "system", "content": "Always answer in Chinese."},
                {"role": "user", "content": "Please reply in German from here on."},
                {"role": "assistant", "content": "Ja."},
            ],
            "de",
        ),
    ],
)
def test_a_language_asked_for_before_holds(before, code):
    texts = {"zh": ZH, "en": EN, "fr": FR, "de": ARTICLE["de"]}
    reward = load("rules.language.consistency", part="all")
    responses = list(texts.values())
    (scores,) = reward.score([Group([*before, QUESTION], responses)])
    assert [score.value >= 0.9 for score in scores] == [other == code for other in texts]


def test_the_last_turn_overrules_the_turns_before():
    before = (("system", "Always answer in Chinese."),)
    assert target_of("Please answer in German: what is it?", before).languages == ("de",)
    assert target_of("Do not answer in Chinese. What is it?", before).languages == ("en",)


def test_a_task_of_an_earlier_turn_is_only_possible_now():
    before = (("user", "Write a poem in French."),)
    assert set(target_of("Make it longer, please.", before).languages) == {"en", "fr"}


def test_a_transcript_in_one_string_has_turns_before():
    text = (
        "System: 请始终用中文回答。\nHuman: Hi\n\nAssistant: 好\n\nHuman: What is it?\n\nAssistant:"
    )
    assert target_of(text).languages == ("zh",)


# --- what else counts for no language -------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "def f(n):\n    # iterate over the list and then return the sum of all the values\n"
        "    return sum(range(n))\n复杂度是线性的，因为只遍历了一次。",
        "步骤如下：\n1. import numpy as np\n2. 调用 np.sort(a)\n3. 返回 a[0]",
        "代码如下：\n// we loop over the items of the list\nint total = 0;\n"
        "// and then we add them\ntotal = total + 1;\n以上代码对数组求和，时间复杂度是线性的。",
    ],
)
def test_comments_beside_code_and_numbered_code_count_for_no_language(text):
    assert value(text, "解释一下这个算法的复杂度") >= 0.8


def test_a_list_of_quoted_phrases_counts_for_no_language():
    text = (
        "常用短语包括 “how are you”、“thank you very much”、“you are welcome”、“see you later” 和"
        " “take care”。"
    )
    assert value(text, "列出英语常用短语") >= 0.8
    assert value("“First we look at it” “and then we solve it” “so it is done” 好", "请解释") <= 0.2


# Article 1 of the Universal Declaration of Human Rights, first sentence.
ARTICLE = {
    "en": "All human beings are born free and equal in dignity and rights. They are endowed with"
    " reason and conscience and should act towards one another in a spirit of brotherhood.",
    "fr": "Tous les êtres humains naissent libres et égaux en dignité et en droits. Ils sont doués"
    " de raison et de conscience et doivent agir les uns envers les autres dans un esprit de"
    " fraternité.",
    "de": "Alle Menschen sind frei und gleich an Würde und Rechten geboren. Sie sind mit Vernunft"
    " und Gewissen begabt und sollen einander im Geist der Brüderlichkeit begegnen.",
    "es": "Todos los seres humanos nacen libres e iguales en dignidad y derechos y, dotados como"
    " están de razón y conciencia, deben comportarse fraternalmente los unos con los otros.",
    "pt": "Todos os seres humanos nascem livres e iguais em dignidade e em direitos. Dotados de"
    " razão e de consciência, devem agir uns para com os outros em espírito de fraternidade.",
    "it": "Tutti gli esseri umani nascono liberi ed eguali in dignità e diritti. Essi sono dotati"
    " di ragione e di coscienza e devono agire gli uni verso gli altri in spirito di fratellanza.",
    "nl": "Alle mensen worden vrij en gelijk in waardigheid en rechten geboren. Zij zijn begiftigd"
    " met verstand en geweten, en behoren zich jegens elkander in een geest van broederschap te"
    " gedragen.",
    "sv": "Alla människor är födda fria och lika i värde och rättigheter. De har utrustats med"
    " förnuft och samvete och bör handla gentemot varandra i en anda av broderskap.",
    "pl": "Wszyscy ludzie rodzą się wolni i równi pod względem swej godności i swych praw. Są oni"
    " obdarzeni rozumem i sumieniem i powinni postępować wobec innych w duchu braterstwa.",
    "id": "Semua orang dilahirkan merdeka dan mempunyai martabat dan hak-hak yang sama. Mereka"
    " dikaruniai akal dan hati nurani dan hendaknya bergaul satu sama lain dalam semangat"
    " persaudaraan.",
    "tr": "Bütün insanlar hür, haysiyet ve haklar bakımından eşit doğarlar. Akıl ve vicdana"
    " sahiptirler ve birbirlerine karşı kardeşlik zihniyeti ile hareket etmelidirler.",
    "vi": "Tất cả mọi người sinh ra đều được tự do và bình đẳng về nhân phẩm và quyền. Mọi con"
    " người đều được tạo hóa ban cho lý trí và lương tâm và cần phải đối xử với nhau trong tình"
    " bằng hữu.",
    "ro": "Toate ființele umane se nasc libere și egale în demnitate și în drepturi. Ele sunt"
    " înzestrate cu rațiune și conștiință și trebuie să se comporte unele față de altele în"
    " spiritul fraternității.",
    "hu": "Minden emberi lény szabadon születik és egyenlő méltósága és joga van. Az emberek,"
    " ésszel és lelkiismerettel bírván, egymással szemben testvéri szellemben kell hogy"
    " viseltessenek.",
    "ca": "Tots els éssers humans neixen lliures i iguals en dignitat i en drets. Són dotats de raó"
    " i de consciència, i han de comportar-se fraternalment els uns amb els altres.",
}


@pytest.mark.parametrize("code", ARTICLE)
def test_languages_in_latin_letters_are_told_apart(code):
    assert identify(latin_words(ARTICLE[code])) == code


@pytest.mark.parametrize("code", ["en", "fr", "de", "es", "pt", "it", "nl", "id", "vi"])
def test_a_long_text_in_another_latin_language_is_not_in_the_target(code):
    for other, text in ARTICLE.items():
        found = language.consistency(text * 2, target=code, part="all")
        if other == code:
            assert found.value == 1.0
        elif "only the script" not in (found.note or ""):
            assert found.value == 0.0, other
    assert value(ARTICLE["en"] * 3, target=code) == (code == "en")


def test_a_short_text_is_judged_by_its_script_and_the_note_says_so():
    found = language.consistency("Oui, merci.", "What is it?", part="all")
    assert found.value == 1.0
    assert "only the script was judged" in (found.note or "")


def test_a_script_as_the_target_holds_to_the_script_only():
    assert value(FR, target="latin") == 1.0


def test_kin_languages_pass_for_each_other():
    norwegian = "Jeg vet ikke hva det er, men vi kan se etter i boken som ligger på bordet. " * 3
    assert value(norwegian, target="da") == value(norwegian, target="nb") == 1.0


# --- what counts ----------------------------------------------------------------------------------

ZH_PROMPT = "用 PyTorch 怎么做 gradient checkpointing？"


def test_an_honest_answer_with_terms_keeps_its_score_and_english_reasoning_does_not():
    assert value(ZH_TERMS, ZH_PROMPT) >= 0.9
    assert value(ZH, ZH_PROMPT) == 1.0
    assert value(EN, ZH_PROMPT) <= 0.2
    assert value(f"好的。{EN}", ZH_PROMPT) <= 0.2
    assert value(ZH_TERMS, "How do I do gradient checkpointing in PyTorch?") <= 0.2


@pytest.mark.parametrize(
    "text",
    [
        "推荐以下手机：\n1. iPhone 15 Pro Max\n2. Samsung Galaxy S24 Ultra\n3. Google Pixel 8",
        "| 模型 | 参数 |\n|---|---|\n| GPT-3 | 175B |\n| Falcon | 40B |\n以上是常见模型的参数量。",
        "我最喜欢的电影是《The Lord of the Rings》和《Star Wars》，都很好看。",
        "“Veni, vidi, vici”是拉丁语，意思是“我来，我看见，我征服”。",
        "《基督山伯爵》是法国作家亚历山大·杜马斯（Alexandre Dumas）的作品。",
        "先写一个函数：\ndef add(first, second):\n    return first + second\n然后调用它就可以了。",
        "由 f(x) = sin(x) + log(x) 得 f'(x) = cos(x) + 1/x，所以答案是 cos(1) + 1。",
        "运行 pip install torch，再打开 https://pytorch.org/docs 查看文档说明。",
        "俄语里“спасибо”的意思是谢谢，读音也不难。",
        "日语里「ありがとう」的意思是谢谢，很常用。",
        "學而時習之，不亦說乎？有朋自遠方來，不亦樂乎？",
        "机器学习（Machine Learning, ML）是人工智能（Artificial Intelligence, AI）的一个分支。",
    ],
)
def test_terms_in_a_chinese_text_count_for_no_language(text):
    assert value(text, "请介绍一下。") >= 0.9


@pytest.mark.parametrize(
    "text",
    [
        EN,
        FR,
        JA,
        KO,
        "compute derivative, set equal zero, solve equation, obtain answer three",
        "Compute Derivative. Set Equal Zero. Solve Equation. Obtain Answer.",
        "“compute the derivative of it” “and set it to zero” “so we are done” 好",
        "x = we first compute the derivative;\ny = then we set it to zero;\n好",
        "PyTorch GPU CUDA",
    ],
)
def test_nothing_but_terms_or_other_languages_is_not_chinese(text):
    assert value(text, "请介绍一下。") <= 0.2


def test_mixing_is_graded():
    mixed = (
        "我们先 compute the derivative of it 然后 we set it to zero"
        " 得到答案 that is the minimum 所以完成。"
    )
    assert 0.3 < value(mixed, "请解释。") < 0.7
    assert 0.3 < value(EN + ZH * 2, "请解释。") < 0.8


def test_english_with_a_quoted_word_of_another_language_is_english():
    text = f"{EN} The Chinese word “你好” (nǐ hǎo) means hello, and Confucius (孔子) used it."
    assert value(text, "What does it mean?") >= 0.98


def test_neither_japanese_nor_korean_passes_for_chinese_or_the_other_way():
    assert value(JA, "请解释。") == 0.0
    assert value(KO, "请解释。") == 0.0
    assert value(ZH, "この問題を解いてください。") == 0.0
    assert value(ZH, "이 문제를 풀어 주세요.") == 0.0
    assert value(JA, "この問題を解いてください。") == 1.0
    assert value(f"{KO} PyTorch 사용", "이 문제를 풀어 주세요.") == 1.0
    assert value("関数の微分可能性条件検討。" + JA, target="ja") == 1.0


def test_a_chinese_prompt_that_asks_for_an_english_essay():
    prompt = "请用英文写一篇关于环境保护的短文，不少于一百词。"
    assert value(EN, prompt) == 1.0
    assert value(ZH, prompt) == 0.0


@pytest.mark.parametrize(
    "text", ["x = 3", "$x^2 + y^2 = r^2$", "∴ 9 × 2 = 18 ✓", "$$\\frac12 < 1$$"]
)
def test_equations_alone_are_in_no_language_and_are_not_judged(text):
    reward = load("rules.language.consistency", part="all")
    (score,) = reward.score([Group("请计算。", [text])])[0]
    assert math.isnan(score.value)
    assert score.fault == "input"
    r1 = plaudit.build("r1").score(
        [
            Group(
                "How much is it?", [f"<think>{text}</think> <answer>3</answer>"], {"reference": "3"}
            )
        ]
    )[0][0]
    assert r1.value == 3.0


@pytest.mark.parametrize("text", ["", "42", "```\nprint(1)\n```", "```\nx = 3\n```", "。。。"])
def test_no_word_is_the_responses_fault(text):
    reward = load("rules.language.consistency", part="all")
    (score,) = reward.score([Group("请计算。", [text])])[0]
    assert (score.value, score.fault) == (0.0, "response")


@pytest.mark.parametrize(
    ("code", "text"),
    [  # meta-pytorch/torchforge tests/unit_tests/rl/test_language_reward.py: full marks there
        ("en", "This is English reasoning about math problems."),
        ("en", "Calculate: 2 + 2 = 4, then 4 * 3 = 12"),
        ("en", "English with special chars: @#$%^&*()_+-=[]{}|;':\",./<>?`~"),
        (
            "en",
            "Let me write some Python code to solve this:\ndef calculate(x):\n    return x * 2\n"
            "The function doubles the input value.",
        ),
        ("ja", "これは日本語で考えています。数学の問題を解きます。"),
        ("zh", "这是中文思考。我们需要解决这个数学问题。"),
        ("es", "Este es un razonamiento en español sobre problemas matemáticos."),
        ("fr", "Ceci est un texte en français avec beaucoup de contenu."),
        ("de", "Dies ist ein deutscher Text mit viel Inhalt."),
        ("it", "Questo è un testo italiano con molto contenuto."),
        ("pt", "Este é um texto em português com muito conteúdo."),
        # hon9kon9ize/infinite-rl tests/test_lang_consistency_reward_function.py
        ("yue", "我愛你，多謝你。"),
    ],
)
def test_public_suites_full_marks(code, text):
    assert value(text, target=code) == 1.0


@pytest.mark.parametrize(
    ("code", "text"),
    [  # the same suites: no marks there
        ("ja", "This is English reasoning."),
        ("en", "これは日本語です。"),
        ("en", "これは日本語で考えています。数学の問題を解きます。"),
        ("yue", "Napoleon Bonaparte was not as tall as popular culture often depicts him to be."),
    ],
)
def test_public_suites_no_marks(code, text):
    assert value(text, target=code) == 0.0


def test_mixed_english_and_spanish_is_between():
    """eval-protocol tests/test_language_consistency.py, test_mixed_language, said at length."""
    text = (f"{EN} " * 5) + (f"{ES} " * 5)
    assert 0.2 < value(text, target="en") < 0.8


# --- laws over data -------------------------------------------------------------------------------

_HAN, _LATIN = re.compile("[㐀-鿿]"), re.compile("[A-Za-z]+")


def rows(name):
    if not (DATA / name).exists():
        pytest.skip(f"shared data absent: {name}")
    with gzip.open(DATA / name, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def answers(name):
    for row in rows(name):
        for field in ("response", "chosen", "rejected"):
            if isinstance(row.get(field), str):
                yield row["prompt"], row[field]


def chinese(name):
    """Prompts with Han, and their responses in which nine tenths and more is Han."""
    for prompt, text in answers(name):
        num_han, num_latin = len(_HAN.findall(text)), len(_LATIN.findall(text))
        if num_han >= 10 and num_han >= 0.9 * (num_han + num_latin) and _HAN.search(prompt):
            yield prompt, text


def english(name):
    for prompt, text in answers(name):
        if len(_LATIN.findall(text)) >= 10 and not _HAN.search(text) and not _HAN.search(prompt):
            yield prompt, text


def values(pairs):
    reward = load("rules.language.consistency", part="all")
    scored = reward.score([Group(prompt, [text]) for prompt, text in pairs])
    return [scores[0].value for scores in scored]


def share(found, holds):
    return sum(map(holds, found)) / len(found)


def crossed(pairs, others):
    draw = random.Random(0)
    return [(prompt, draw.choice(others)[1]) for prompt, _ in pairs]


STEPS = [pytest.param(7, id="sample"), pytest.param(1, id="all", marks=pytest.mark.slow)]


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize(
    ("name", "count"), [("zh_pairs.jsonl.gz", 1983), ("zh_pointwise.jsonl.gz", 1601)]
)
class TestChinesePrompts:
    def test_chinese_responses_score_above_nine_tenths(self, name, count, step):
        pairs = list(chinese(name))
        assert len(pairs) == count
        assert share(values(pairs[::step]), lambda v: v > 0.9) >= 0.995

    def test_english_responses_score_at_most_a_fifth(self, name, count, step):
        others = list(english("en_pairs_dpo_mix.jsonl.gz"))
        pairs = crossed(list(chinese(name))[::step], others)
        assert share(values(pairs), lambda v: v <= 0.2) >= 0.995


@pytest.mark.parametrize("step", STEPS)
def test_english_prompts_want_english(step):
    pairs = list(english("en_pairs_dpo_mix.jsonl.gz")) + list(english("eval_pairs.jsonl.gz"))
    pairs = pairs[:: 4 * step]
    assert share(values(pairs), lambda v: v >= 0.9) >= 0.99
    others = list(chinese("zh_pairs.jsonl.gz"))
    assert share(values(crossed(pairs, others)), lambda v: v <= 0.2) >= 0.995
