"""Five questions on lesson 01."""

from course_lib.checks.questions import Option, Question

QUIZ = (
    Question(
        text="Over the last thousand steps of a training, D's loss has stayed near 1.39. What does "
        "that tell you?",
        options=(
            Option(
                text="Training has converged, and the restored pictures are good.",
                why="An even game is no good picture: in section 4 D's loss moved around 1.39, and "
                "the pictures had collapsed.",
            ),
            Option(
                text="The game as a whole is even, and about the pictures it tells nothing.",
                right=True,
                why="1.386 = 2 · log 2 is the loss of a D that gives every picture the logit 0. "
                "Whether G draws scenes or blotches, you have to look and measure.",
            ),
            Option(
                text="D has won: it recognises every fake.",
                why="Then its loss would be near 0 (section 1; section 7 makes it happen).",
            ),
            Option(
                text="D is sure of its verdicts, and mostly wrong.",
                why="That costs far more than 1.39: in section 1 a D that is sure and wrong pays "
                "about 12. Having no idea is cheaper.",
            ),
        ),
    ),
    Question(
        text="Why does G minimise `-log D` and not `log(1 - D)`, as the formula of the game says?",
        options=(
            Option(
                text="`-log D` has its minimum at better pictures.",
                why="Both fall as D's logit for the fake rises, so both push G the same way. They "
                "differ in how steep they are (section 1).",
            ),
            Option(
                text="`log(1 - D)` becomes minus infinity in float32.",
                why="Either logarithm can, if a sigmoid is rounded first. `F.logsigmoid` cures "
                "that for both, and `log(1 - D)` still teaches G too little (section 1).",
            ),
            Option(
                text="`-log D` is smaller, which keeps training calm.",
                why="It is the larger one: where D is sure of a fake it is large and `log(1 - D)` "
                "is near 0. Besides, G follows the slope of its loss, not its height (section 1).",
            ),
            Option(
                text="Where D is sure of a fake, `log(1 - D)` is nearly flat.",
                right=True,
                why="At a logit of −6 its slope is −0.0025, that of `-log D` nearly −1. Early on, "
                "when D is sure of G's poor pictures, only the second one teaches G.",
            ),
        ),
    ),
    Question(
        text="In D's step you forget to detach the fakes; the rest of the step is right. What "
        "follows?",
        options=(
            Option(
                text="`backward()` leaves gradients in G's parameters.",
                right=True,
                why="The fakes are still tied to G, so the gradient runs on through them.",
            ),
            Option(
                text="G's parameters move in D's step.",
                why="Gradients alone move nothing. Only an optimizer does, and the one that steps "
                "here holds D's parameters only (section 3).",
            ),
            Option(
                text="If G's step doesn't clear gradients first, it pushes G to help D.",
                right=True,
                why="Gradients add up. Those of D's loss make fakes easier to recognise, the "
                "opposite of what G is after.",
            ),
            Option(
                text="D learns nothing, because its gradients go to G.",
                why="Gradients aren't used up on their way. D's own are the same whether the "
                "fakes are detached or not (section 3).",
            ),
        ),
    ),
    Question(
        text="Of the photographs' diversity, a generator's outputs have 3 %; of their fine detail, "
        "90 %. D's loss is near 1.4. What is the fault?",
        options=(
            Option(
                text="Collapse.",
                right=True,
                why="Its outputs differ from each other by 3 % of what photographs do: nearly one "
                "picture for every input.",
            ),
            Option(
                text="Blur.",
                why="Blur is a lack of fine detail, and there is 90 % of it. Whether it is the "
                "right detail, that number doesn't say (section 6).",
            ),
            Option(
                text="A D that is too far ahead.",
                why="Its loss would be near 0. At 1.4 the game is even (section 7).",
            ),
            Option(
                text="None: the detail is there and the game is even.",
                why="Both can be so while every input gets the same picture. Only diversity "
                "compares outputs with each other, and 3 % is an alarm (section 5).",
            ),
        ),
    ),
    Question(
        text="You train this GAN ten times as long, on ten times as many photographs. Will its "
        "restored pictures show the scenes of their rainy inputs?",
        options=(
            Option(
                text="Yes: in time D notices a restored picture of some other scene.",
                why="It can't notice. D gets one picture at a time and never sees the rainy one "
                "(section 8).",
            ),
            Option(
                text="Yes, as soon as collapse is cured.",
                why="G could then answer with many pictures, each a different scene from the one "
                "that it was given. Shuffled truths cost neither player anything (section 8).",
            ),
            Option(
                text="No: nothing in either loss asks for this scene.",
                right=True,
                why="D asks whether a picture looks like a photograph. A postcard of any other "
                "street passes, however long you train.",
            ),
            Option(
                text="No, but only because 128 numbers are too few.",
                why="They are too few for a roof tile. But the same network with L1 follows "
                "each scene's light and dark through these 128 numbers: the loss is a "
                "fault of its own (section 8).",
            ),
        ),
    ),
)
