"""Five questions on lesson 04."""

from course_lib.checks.questions import Option, Question

# Where the lesson says so.
GRADIENTS = "section 1"
ATROUS = "section 2"
COST = "section 3"
LOSSES = "section 4"
CHOICES = "section 8"

QUIZ = (
    Question(
        text="Which of these changes to a restored picture does the gradient loss L_g see?",
        options=(
            Option(
                text="A streak one pixel wide is left.",
                right=True,
                why="Brightness jumps up on one of its sides and down on the other. Beside a "
                "smooth scene that is the strongest gradient there is.",
            ),
            Option(
                text="Everything is brighter by the same amount.",
                why="A gradient is a difference of neighbours, and what both have more of drops "
                f"out. Only L2 sees it ({GRADIENTS}).",
            ),
            Option(
                text="The edges are blurred.",
                right=True,
                why="A blur spreads a jump over several pixels, so that each gradient is smaller "
                "than the truth's.",
            ),
            Option(
                text="The sky is blue where it should be grey, in one even tone.",
                why="Within the sky no neighbours differ, in either picture. Colour is L2's "
                f"business; L_g sees the border of the sky at most ({GRADIENTS}).",
            ),
        ),
    ),
    Question(
        text="Two 3×3 convolutions follow one another, both with rate 3. Along a row, how many "
        "pixels wide is what one output sees, and how many of these pixels does it see?",
        options=(
            Option(
                text="13 pixels wide; 13 are seen.",
                why="The width is right. But both look at every third pixel only, counted from "
                "the same middle, so that the others have no way to the output.",
            ),
            Option(
                text="13 pixels wide; 5 are seen.",
                right=True,
                why="Each reaches 3 pixels to either side, 6 together: 13 pixels with the middle. "
                "Those at 0, ±3 and ±6 are seen, five, and eight fall into the gaps.",
            ),
            Option(
                text="7 pixels wide; 3 are seen.",
                why="That is one of the two convolutions. In a chain their reaches add up "
                f"({ATROUS}).",
            ),
            Option(
                text="49 pixels wide; 9 are seen.",
                why="Reaches add up along a chain. There are 3·3 = 9 ways to the output, but they "
                f"begin in five different pixels only ({ATROUS}).",
            ),
        ),
    ),
    Question(
        text="A network keeps the size of the picture from end to end. What is true of its "
        "multiply-adds?",
        options=(
            Option(
                text="Twice the channels everywhere, first and last layer aside, cost four times.",
                right=True,
                why="A convolution has a weight for each pair of an input and an output channel, "
                "and both numbers double.",
            ),
            Option(
                text="A pixel costs as much in a small picture as in a large one.",
                right=True,
                why="Each place is worked on with the same weights. So the cost of one pixel, "
                f"times the number of pixels, is the cost of any picture ({COST}).",
            ),
            Option(
                text="An atrous convolution of rate 4 costs four times one of rate 1.",
                why="It has the same nine weights; they only lie farther apart. That is its point "
                f"({ATROUS}).",
            ),
            Option(
                text="Its parameters times two are its operations.",
                why="So it is for a linear layer. A convolution uses each parameter again at every "
                f"pixel ({COST}).",
            ),
        ),
    ),
    Question(
        text="The printed L_gan has the wrong sign. With β = 0.001, why does the row with the "
        "printed sign, in section 8's table, look like the first row?",
        options=(
            Option(
                text="Adam turns the sign round.",
                why="Adam divides a gradient by its usual size. Its sign stays, and decides where "
                "the step goes.",
            ),
            Option(
                text="The discriminator learns to answer the other way round.",
                why="D learns from its own loss, in which the sign is right. It calls clean "
                f"pictures real whatever G minimises ({LOSSES}).",
            ),
            Option(
                text="Multiplied by this β, the term is a tiny share of the loss.",
                right=True,
                why="L2 and L_g, norms over a whole picture, are ten thousand times as large, so "
                f"that G follows them, whatever D says ({LOSSES}, {CHOICES}).",
            ),
            Option(
                text="PSNR can't show mistakes in a loss.",
                why="It can where the term is large enough: with β = 30 the printed sign costs 30 "
                f"dB ({CHOICES}).",
            ),
        ),
    ),
    Question(
        text="You go from crops of 32 pixels to crops of 128 and leave α and β as they are. With "
        "which loss does β·L_gan lose weight beside the others?",
        options=(
            Option(
                text="With mean squares.",
                why="A mean over more pixels with the same error is the same mean. L_gan is a mean "
                f"over D's answers and stays, too ({LOSSES}).",
            ),
            Option(
                text="With norms.",
                right=True,
                why="A norm is the root of a sum over all pixels: with 16 times as many it is four "
                "times as large, and L_gan stays as it is.",
            ),
            Option(
                text="With both.",
                why=f"One of them doesn't know how many pixels there are ({LOSSES}).",
            ),
            Option(
                text="With neither, for α and β are weights.",
                why="A weight multiplies what it is given. What it is given has another size with "
                f"one of the two ({LOSSES}).",
            ),
        ),
    ),
)
