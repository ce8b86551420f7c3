"""Three recorded runs of the baseline GAN, each with one fault, and the signs of it."""

from course_lib.checks.diagnosis import Case
from course_lib.checks.questions import Option, Question

RATE = "D's learning rate is 100 times too high."
PILE = "Fakes aren't detached in D's step, and G's gradients are never cleared."
SWAP = "D's labels are swapped: its loss calls photographs fake and fakes real."
NONE = "None: it is the game of section 4."


def _question(letter: str, fault: str, whys: dict[str, str]) -> Question:
    options = tuple(Option(text=text, right=text == fault, why=why) for text, why in whys.items())
    return Question(text=f"Which fault does run {letter} have?", options=options)


CASES = (
    Case(
        letter="A",
        recording="01_a",
        fault=SWAP,
        alt="Six rainy crops and G's answers to them, which turn into one pattern of coloured "
        "patches that hardly changes any more. Both losses and both gradients fall smoothly "
        "to nearly 0. After a few steps D recognises no photograph and no fake.",
        question=_question(
            "A",
            SWAP,
            {
                RATE: "D would take steps that are too long, and the losses would leap. Here they "
                "fall smoothly to 0.",
                PILE: "G's gradient would grow from step to step. Here it fades away.",
                SWAP: "D's loss goes to 0, so it does as it is taught. Yet it recognises no "
                "photograph and no fake: it is taught the wrong way round. G has nothing left to "
                "learn, because D calls its pictures real: its loss and its gradient go to 0, too.",
                NONE: "There one player's gain is the other's loss, and D's stays near 1.39. "
                "Here both losses go to 0 together.",
            },
        ),
    ),
    Case(
        letter="B",
        recording="01_b",
        fault=RATE,
        alt="Six rainy crops and G's answers to them, one pattern for all six, of noise first "
        "and of large coloured blots later. D's loss is low and leaps; G's loss leaps between 2 "
        "and 15, and its gradient is about 100 long from the first steps on. At most times D "
        "recognises all photographs and fakes, and now and then none of a kind.",
        question=_question(
            "B",
            RATE,
            {
                RATE: "Each of D's steps goes too far: it is sure of everything, then wrong about "
                "all fakes at once, then sure again. G's loss and gradient leap along, because "
                "the D that they go through is another one at every step.",
                PILE: "A pile of gradients only grows. Here G's gradient is long after fifty "
                "steps already, and from then on it rises and falls.",
                SWAP: "A D that is taught the wrong way round recognises neither photographs nor "
                "fakes. This one recognises nearly all, at most times.",
                NONE: "There G's loss moves slowly, and stays about as high as D's. Here it leaps "
                "up to 15.",
            },
        ),
    ),
    Case(
        letter="C",
        recording="01_c",
        fault=PILE,
        alt="Six rainy crops and G's answers to them: one pattern for all at first, later nearly "
        "black or plain dark pictures of two or three kinds. For 300 steps both losses stay near "
        "those of an even game, then D's falls to 0.4 and G's rises to 1.8. G's gradient grows "
        "all the while, from 2 to 200. At the end D recognises all photographs and fakes.",
        question=_question(
            "C",
            PILE,
            {
                RATE: "D's loss would leap from the start. Here it goes down slowly, and D's "
                "gradient stays short: what grows is G's.",
                PILE: "G's gradient grows a hundredfold, and for 300 steps no loss changes much: "
                "it holds all earlier gradients. Those of D's loss are among them and push G to "
                "help D, so D's loss falls and its fakes get plainer.",
                SWAP: "At the end D recognises every photograph and every fake, so it was taught "
                "the right way round.",
                NONE: "For 300 steps the losses look like it, which is what hides this fault. But "
                "there G's gradient keeps its length.",
            },
        ),
    ),
)
