"""Answers in languages beside English and Chinese: which marks state one, and what is read."""

import pytest

from plaudit.answers.choices import chosen
from plaudit.answers.extract import extract
from plaudit.rules.math import equal


def accepts(response, reference):
    return equal(response, reference).value == 1


@pytest.mark.parametrize(
    "response",
    [
        "不正解は3", "誤答は3です", "間違った答えは3です。", "誤った解答: 3", "오답: 3",
        "오답은 3입니다.",
        "틀린 답은 3입니다.", "잘못된 답: 3", "Неверный ответ: 3", "Неправильный ответ — 3",
        "Ошибочный ответ: 3", "Ответ не верный: 3", "Die falsche Antwort ist 3.",
        "Falsche Antwort: 3", "Keine Antwort: 3", "La mauvaise réponse est 3.",
        "Réponse fausse : 3",
        "La réponse incorrecte est 3.", "Aucune réponse : 3", "La respuesta incorrecta es 3.",
        "La respuesta equivocada es 3.", "La respuesta errónea es 3.", "Ninguna respuesta: 3",
        "A resposta errada é 3.", "La risposta sbagliata è 3.", "Nessuna risposta: 3",
        "Đáp án sai là 3.", "Jawaban yang salah adalah 3.", "Jawaban salah: 3", "गलत उत्तर: 3",
        "الإجابة الخاطئة هي 3", "The wrong answer is 3.", "Incorrect answer: 3",
        "A common wrong answer is 3.", "An incorrect final answer would be 3.", "错误答案是3",
        "错误的答案是3。", "不正确的答案：3", "不是答案：3", "一个常见的错误答案是3。",
    ],
)  # fmt: skip
def test_a_wrong_answer_states_nothing(response):
    assert not accepts(response, "3")


@pytest.mark.parametrize(
    "response",
    [
        "정답: 5\n오답: 3", "오답: 3\n정답: 5", "正解は5。不正解は3。",
        "Правильный ответ: 5\nНеверный ответ: 3",
        "Die richtige Antwort ist 5. Die falsche Antwort ist 3.",
        "Richtige Antwort: 5\nFalsche Antwort: 3",
        "La bonne réponse est 5. La mauvaise réponse est 3.",
        "La respuesta correcta es 5. La respuesta incorrecta es 3.",
        "La risposta corretta è 5. La risposta sbagliata è 3.",
        "Đáp án đúng là 5. Đáp án sai là 3.",
        "Jawaban yang benar adalah 5. Jawaban yang salah adalah 3.", "正确答案是5。错误答案是3。",
        "The answer is 5. The wrong answer is 3.", "Answer: 5\nWrong answer: 3",
    ],
)  # fmt: skip
def test_a_wrong_answer_beside_the_right_one_does_not_count(response):
    assert accepts(response, "5")
    assert not accepts(response, "3")


@pytest.mark.parametrize(
    ("response", "letters"),
    [
        ("정답은 A입니다. 오답은 B입니다.", "A"), ("正解はA。不正解はB。", "A"),
        ("答えはA。間違った答えはB。", "A"),
        ("Неправильный ответ — B", ""), ("Правильный ответ — A. Неправильный ответ — B.", "A"),
        ("Неверный ответ: B", ""), ("Die richtige Antwort ist A. Die falsche Antwort ist B.", "A"),
        ("Die falsche Antwort ist B.", ""), ("Keine Antwort ist B.", ""), ("오답: B", ""),
        ("La bonne réponse est A. La mauvaise réponse est B.", "A"),
        ("A resposta correta é A. A resposta errada é B.", "A"), ("La respuesta quizás es B.", ""),
        ("Đáp án sai là B.", ""), ("Đáp án cuối cùng là B.", "B"), ("Die Antwort ist B.", "B"),
        ("La réponse est B.", "B"), ("Ответ: B", "B"), ("정답은 B입니다.", "B"),
    ],
)  # fmt: skip
def test_a_choice_is_not_the_one_that_is_named_as_wrong(response, letters):
    assert chosen(response, "auto").letters == letters


@pytest.mark.parametrize(
    "response",
    [
        "La respuesta quizás es 3.", "La respuesta quizas es 3.", "La respuesta tal vez es 3.",
        "La respuesta nunca es 3.", "La respuesta jamás es 3.", "La respuesta posible es 3.",
        "A resposta talvez é 3.", "La risposta forse è 3.", "La réponse probable est 3.",
        "Đáp án không là 3", "Đáp án chưa là 3", "Đáp án có lẽ là 3", "Jawaban mungkin adalah 3",
        "Die Antwort ist vielleicht 3.", "Die Antwort ist nicht 3.", "答えは3かもしれない",
        "정답은 아마 3입니다",
    ],
)  # fmt: skip
def test_only_listed_words_stand_between_answer_and_is(response):
    assert not accepts(response, "3")


@pytest.mark.parametrize(
    "response",
    [
        "La respuesta correcta es 3.", "La respuesta final es 3", "La risposta finale è 3",
        "A resposta exata é 3.", "La réponse finale est 3.", "Đáp án đúng là 3",
        "Đáp án cuối cùng là 3",
        "Jawaban akhir adalah 3", "Jawabannya adalah 3", "Die Antwort lautet: 3",
        "최종 정답은 3입니다.",
    ],
)  # fmt: skip
def test_words_that_change_nothing_stand_there(response):
    assert accepts(response, "3")


SCALES = {  # an answer that is no 5, and what it is
    "정답은 %s입니다.": (
        "5만 원", "5억", "5천 명", "5조", "5백", "5 퍼센트", "거의 5", "약 5", "5의 제곱",
        "5의 역수", "5다스",
    ),
    "Ответ: %s.": (
        "5 тысяч", "5 тыс. рублей", "5 млн", "5 миллиардов", "5 процентов", "5 в квадрате",
        "5 в кубе", "почти 5",
        "около 5", "5 дюжин", "5 десятых", "5 шестых", "5 с половиной", "треть от 5",
        "не менее 5", "5 или 7",
    ),
    "答えは%s": (
        "5千円", "5割", "5ダース", "ほぼ5", "約5", "5くらい", "5ぐらいです", "5前後", "5程度です",
        "5の2乗", "5パーセント",
        "5以上", "5半", "5の逆数", "5の階乗", "5グロス", "5ミリオン", "5か7です", "5分の1",
    ),
    "La respuesta es %s.": (
        "5 millones", "5 mil", "5 mil euros", "5 docenas", "5 por ciento", "casi 5", "unos 5",
        "hasta 5",
        "5 al cuadrado", "el doble de 5", "un quinto de 5", "5 y medio", "5 decenas",
        "entre 5 y 7", "5 o 7",
    ),
    "Die Antwort ist %s.": (
        "5 Milliarden", "5 Millionen", "5 Mio", "5 Mrd", "5 Tsd", "5 Tausend", "5 Prozent",
        "5 Dutzend",
        "fast 5", "etwa 5", "5 hoch 2", "5 Zehntel", "5 Achtel", "5 zum Quadrat",
        "ein Drittel von 5", "5 oder 7",
        "mindestens 5",
    ),
    "La réponse est %s.": (
        "5 milliards", "5 mille", "5 pour cent", "5 au carré", "le tiers de 5", "environ 5",
        "presque 5",
        "5 douzaines", "5 dizaines", "5 et demi", "5 sixièmes", "5 centièmes", "5 quinzaines",
        "au moins 5", "5 ou 7",
    ),
    "A resposta é %s.": (
        "5 milhões", "5 mil reais", "5 por cento", "quase 5", "5 dúzias", "metade de 5",
    ),
    "La risposta è %s.": (
        "5 milioni", "5 mila", "5 per cento", "circa 5", "quasi 5", "5 dozzine", "5 ottavi",
        "5 al cubo",
    ),
    "Đáp án là %s": (
        "5 triệu", "5 nghìn", "5 tỷ đồng", "5 phần trăm", "gần 5", "khoảng 5", "5 bình phương",
    ),
    "Jawaban: %s": (
        "5 juta rupiah", "5 ribu", "5 rb", "5 persen", "hampir 5", "sekitar 5", "5 kuadrat",
    ),
    "उत्तर: %s": ("5 लाख", "5 करोड़", "5 हज़ार", "लगभग 5", "5 प्रतिशत"),
    "คำตอบ: %s": ("5 ล้าน", "5 พัน", "ประมาณ 5", "5 เปอร์เซ็นต์"),
    "الإجابة: %s": ("5 ملايين", "5 آلاف", "حوالي 5", "5 بالمئة"),
    "答案是%s。": ("5億", "5萬", "五億", "5千萬", "5億元"),
}  # fmt: skip


@pytest.mark.parametrize(("mark", "answer"), [(m, a) for m, all_ in SCALES.items() for a in all_])
def test_what_scales_a_number_is_never_dropped(mark, answer):
    assert not accepts(mark % answer, "5")


@pytest.mark.parametrize(
    ("response", "value"),
    [
        ("答案是5億", 5 * 10**8), ("答案是5萬", 50_000), ("答案是五億", 5 * 10**8),
        ("答案是三萬五千", 35_000),
        ("答案是5萬元", 50_000), ("答えは5万円です", 50_000), ("答案是2千萬。", 2 * 10**7),
    ],
)  # fmt: skip
def test_scales_in_traditional_characters_are_computed(response, value):
    assert accepts(response, str(value))


NOUNS = {  # things and units behind a number
    "정답은 %s입니다.": ("5명", "5개", "5마리", "5살", "5 미터", "5개의 사과", "5가지"),
    "Ответ: %s": ("5 яблок", "5 человек", "5 шт.", "5 рублей", "5 см².", "5 м/с"),
    "答えは%sです。": (
        "5個", "5人", "5歳", "5通り", "5ページ", "5個のりんご", "5番目", "5メートル",
        "5平方メートル",
    ),
    "Respuesta: %s": (
        "5 metros cuadrados", "5 lápices", "5 personas", "5 perros", "5 años", "5 en total",
    ),
    "Antwort: %s": (
        "5 Äpfel", "5 Autos", "5 Stunden", "5 Quadratmeter", "5 €", "5 Schüler insgesamt",
    ),
    "Réponse : %s": (
        "5 oranges", "5 ouvriers", "5 ans", "donc 5 pommes", "5 km par heure", "5 au total",
    ),
    "Resposta: %s": ("5 alunos", "5 ovos", "5 reais"),
    "Risposta: %s": ("5 ore", "5 mele", "5 cm"),
    "Đáp án: %s": ("5 quả táo", "5 con gà", "5 quyển sách", "5 mét"),
    "Jawaban: %s": ("5 orang", "5 buah apel", "5 cm"),
    "उत्तर: %s": ("5 सेब",),
    "คำตอบ: %s": ("5 ผล",),
    "الجواب: %s": ("5 تفاحات",),
}  # fmt: skip


@pytest.mark.parametrize(("mark", "answer"), [(m, a) for m, all_ in NOUNS.items() for a in all_])
def test_a_number_of_things_is_the_number(mark, answer):
    assert accepts(mark % answer, "5")


@pytest.mark.parametrize(
    "form", ["The answer is %s", r"\boxed{%s}", "#### %s", "<answer>%s</answer>"]
)
@pytest.mark.parametrize(
    ("answer", "same", "others"),
    [
        ("3 kilomètres", "3000 m", ["3 kg", "3 m"]), ("3 kilómetros", "3 km", ["3 kg"]),
        ("5 lápices", "5", ["5 L", "5000 ml"]), ("5 litros", "5 L", ["5 ml", "5 kg"]),
        ("3 Stück", "3", ["3 s"]), ("3 Gärten", "3", ["3 g"]), ("3 Schüler", "3", ["3 s"]),
        ("5 años", "5", ["5 A"]), ("5 mètres carrés", "5 m^2", ["5 m"]),
        ("5 metros cuadrados", "5 m^2", ["5 m"]), ("5 mètres cubes", "5 m^3", ["5 m"]),
        ("5 quilômetros por hora", "5 km/h", ["5 km"]), ("5 километров", "5000 m", ["5 m"]),
        ("5 μm", r"5\text{ μm}", ["5 m", "5 mm"]), ("5 µm", r"5\ \mu\text{m}", ["5 m"]),
        (r"5\text{ μm}", "5 μm", ["5 m"]), ("5 μg", "0.005 mg", ["5 g"]),
    ],
)  # fmt: skip
def test_a_word_with_accents_is_one_unit(form, answer, same, others):
    assert accepts(form % answer, same)
    assert not any(accepts(form % answer, other) for other in others)


@pytest.mark.parametrize(
    "form", ["%s", "The answer is %s", r"\boxed{%s}", r"\boxed{%s.}", "#### %s"]
)
@pytest.mark.parametrize(
    "word",
    [
        "forse", "nicht", "quizas", "jamais", "vielleicht", "mungkin", "millones", "miliardi",
        "prozent", "dozzine",
    ],
)  # fmt: skip
def test_a_word_in_another_language_is_no_unit_of_an_english_answer(form, word):
    assert not accepts(form % f"5 {word}", "5")
    assert not accepts(form % f"5\\text{{ {word}}}", "5")


@pytest.mark.parametrize(
    "text", ["respuestar 5", "La espuesta 5", "Xresposta 5", "not an esposta 5"]
)
def test_a_piece_of_a_mark_is_none(text):
    extracted = extract(text)
    assert extracted is None or "no mark" in extracted.mark
