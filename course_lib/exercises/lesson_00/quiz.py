"""Five questions on lesson 00."""

from course_lib.checks.questions import Option, Question

QUIZ = (
    Question(
        text="A wall has the brightness 0.2. A drop covers a pixel of it for half of the exposure, "
        "and the light in the drop is 0.6. How bright is the pixel?",
        options=(
            Option(
                text="0.3",
                why="That is the drop's share alone, 0.5 · 0.6. In the other half of the exposure "
                "the pixel sees the wall (section 1).",
            ),
            Option(
                text="0.4",
                right=True,
                why="A weighted mean: 0.5 · 0.2 from the wall and 0.5 · 0.6 from the drop.",
            ),
            Option(
                text="0.5",
                why="That adds the drop's 0.3 to the whole wall. While the drop covers the pixel, "
                "the wall can't be seen: it counts for half of the time (section 1).",
            ),
            Option(
                text="0.6",
                why="So bright it would be if the drop stood still. It falls, and the pixel sees "
                "it for half of the exposure only (section 1).",
            ),
        ),
    ),
    Question(
        text="Papers write I = B + R: the rain layer R is never negative and doesn't depend on "
        "the background B, so the same streak adds the same light wherever it falls. Where does "
        "that go wrong?",
        options=(
            Option(
                text="A streak falls in front of an evenly dark wall.",
                why="Here the formula is at its best: the streak adds light, and there is room "
                "for it (section 2).",
            ),
            Option(
                text="A drop on the lens lies over a bright sky.",
                right=True,
                why="It darkens the sky, and no R that is never negative can do that.",
            ),
            Option(
                text="A streak, the same along its whole length, runs from a dark roof across a "
                "bright sky.",
                right=True,
                why="Its light is the same throughout, yet it adds much to the roof and hardly "
                "anything to the sky: R would have to know the background.",
            ),
            Option(
                text="Two streaks run side by side in front of the same dark wall.",
                why="Each adds light to pixels of its own. Their number isn't the trouble: the "
                "trouble is a background as bright as they are (section 2).",
            ),
        ),
    ),
    Question(
        text="You have 100 photographs and put ten different rains on each. How do you split the "
        "1000 pairs into training and test?",
        options=(
            Option(
                text="Shuffle all 1000 pairs, train on the first 800.",
                why="Then nearly every scene of the test was in training as well, under another "
                "rain. Section 4 restored such a test from memory alone.",
            ),
            Option(
                text="From each photograph eight rains train and two test, so that both parts hold "
                "every scene.",
                why="That is the leak at its fullest: the clean half of every test pair is known "
                "from training (section 4).",
            ),
            Option(
                text="Train on 80 photographs with all their rains, test on the other 20.",
                right=True,
                why="No scene of the test has been seen, so only what was learnt about rain helps.",
            ),
            Option(
                text="Train on the light rains of all photographs, test on the heavy ones.",
                why="The rain is new, but the scenes aren't, and a memory of scenes is what scored "
                "so well in section 4. Split the photographs first, then choose rains.",
            ),
        ),
    ),
    Question(
        text="On the same pictures paper P reports 31.2 dB and paper Q 30.3 dB. P measures PSNR "
        "over MATLAB's Y, Q over the full-range Y. Whose network is ahead?",
        options=(
            Option(
                text="Q's, by about 0.4 dB.",
                right=True,
                why="MATLAB's Y alone is worth 1.32 dB. Over the full range P has 31.2 − 1.3 = "
                "29.9 dB.",
            ),
            Option(
                text="P's, by 0.9 dB.",
                why="These are two scales. MATLAB's Y adds 1.32 dB to any picture, which is more "
                "than P's lead (section 5).",
            ),
            Option(
                text="Neither's: differences below 1.3 dB mean nothing.",
                why="The 1.32 dB aren't noise. They are the same for every picture, so they can be "
                "taken off, and what remains is a real difference on these pictures (section 5).",
            ),
            Option(
                text="Nobody can know until both have measured RGB.",
                why="RGB would be a third scale. Between the two Ys the gap is always "
                "20·log₁₀(255 / 219) dB, so one can be turned into the other (section 5).",
            ),
        ),
    ),
    Question(
        text="A network learns, by squared error, to fill in what drops on the lens have hidden. "
        "What is true?",
        options=(
            Option(
                text="Where many fillings are plausible, it learns to give their mean.",
                right=True,
                why="The mean has the smallest expected squared error of all answers, and that is "
                "what the network was asked for.",
            ),
            Option(
                text="Its fillings are blurred because the network is too small.",
                why="A larger one comes nearer to the same mean, and the mean is a blur. The "
                "question that it was asked makes it blur, not its size (section 6).",
            ),
            Option(
                text="It would gain PSNR by committing to one plausible filling.",
                why="Section 6 measured both: crisp answers score several decibels below their "
                "mean, because their hairs lie in the wrong places.",
            ),
            Option(
                text="A GAN can look more real than it and have the lower PSNR.",
                right=True,
                why="That is the perception-distortion trade-off: to look real it commits, and "
                "where it guesses wrong it pays in squared error.",
            ),
        ),
    ),
)
