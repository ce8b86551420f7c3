"""Five questions on lesson 03."""

from course_lib.checks.questions import Option, Question

# Where the lesson says so.
SOFT_LABELS = "section 2"
ACCURACY = "section 4"
ABLATION = "section 7"

QUIZ = (
    Question(
        text="D learns with soft labels, of which 5 % are turned round. Why does its accuracy take "
        "the true labels, and held-out pictures?",
        options=(
            Option(
                text="A label that is turned round would count a right answer as wrong.",
                right=True,
                why="A D that is always right would score 95 %, and its curve would show the flips "
                "as well as the game.",
            ),
            Option(
                text="No sigmoid can reach the soft labels 0.9 and 0.1.",
                why="At a logit of 2.2 it is 0.9. Besides, the accuracy asks for no equality, only "
                f"on which side of ½ D's answer lies ({ACCURACY}).",
            ),
            Option(
                text="Otherwise D would be trained by what it is measured with.",
                why="A measurement trains nobody, whichever labels it takes: D follows the "
                f"gradient of its loss, and the accuracy has none ({ACCURACY}).",
            ),
            Option(
                text="D may know the photographs that it was trained with by heart.",
                right=True,
                why="It would then recognise them without telling clean from restored, and the "
                "accuracy would flatter it. Held-out pictures are new to it.",
            ),
        ),
    ),
    Question(
        text="On held-out pictures, D has been right about every patch for thousands of steps. "
        "What does that mean for G?",
        options=(
            Option(
                text="Its gradient from D is zero, so that it stands still.",
                why="That of log(1 − D) would be. G minimises −log D, whose gradient grows where D "
                "is sure (lesson 01, section 7), and L1 goes on as before.",
            ),
            Option(
                text="Its pictures look no better than at the start.",
                why="L1 teaches G whatever D says, and D may go by traces too fine for an eye. "
                f"Accuracy tells who wins, not how pictures look ({ACCURACY}).",
            ),
            Option(
                text="What it hears from D comes from a judge to whom all its patches are "
                "equally fake.",
                right=True,
                why="No change has ever won it a patch. L1 still shows the way, but the game adds "
                "little. Soft and noisy labels, slower steps or fewer of them hold D back.",
            ),
            Option(
                text="It learns faster than ever, because the judge is perfect.",
                why="A judge that is nearly always right isn't the best teacher: G learns from it "
                "what would be better only as long as it sometimes succeeds (lesson 01, section "
                "7).",
            ),
        ),
    ),
    Question(
        text="The labels of both kinds are smoothed by 0.1. How low can D's loss, the sum of both "
        "terms, go?",
        options=(
            Option(
                text="To 0, if every logit is on the right side of 0 and large.",
                why="A D that is surer than its labels pays for it: logits of 10 and −10, all on "
                f"the right side, cost 2.0 ({SOFT_LABELS}).",
            ),
            Option(
                text="To 0.65.",
                right=True,
                why="The best D says 0.9 and 0.1 and pays −0.9·log 0.9 − 0.1·log 0.1 = 0.325 for "
                "each kind. So never compare D's loss in a run with soft labels and in one "
                "without: 0.65 is the best there is in the one, a doubtful D in the other.",
            ),
            Option(
                text="To 0.21.",
                why="That is −log 0.9 for each kind, what saying 0.9 costs where the label is 1. "
                f"Here the label is 0.9, and its missing 0.1 costs too ({SOFT_LABELS}).",
            ),
            Option(
                text="To 1.39, because D may no longer be sure of anything.",
                why="1.39 is what a D pays that says ½ to everything, with soft labels as without. "
                f"It may be as sure as 0.9, which costs less ({SOFT_LABELS}).",
            ),
        ),
    ),
    Question(
        text="Over five seeds, soft labels change the PSNR by 0.3 dB on average, with a 95 % "
        "interval from −0.2 to 0.8 dB. What may you say?",
        options=(
            Option(
                text="They raise the PSNR, because most of the interval lies above 0.",
                why="0 lies in it too: if soft labels did nothing, five seeds would still look "
                f"like this often enough ({ABLATION}).",
            ),
            Option(
                text="They don't change the PSNR, because 0 lies in the interval.",
                why="0.8 dB lies in it too. Not to have found a difference isn't to have found "
                f"that there is none ({ABLATION}).",
            ),
            Option(
                text="With 19 of 20 new seeds, the change will be between −0.2 and 0.8 dB.",
                why="The interval is about the mean over seeds. Single seeds, of which it is the "
                f"mean, spread more widely ({ABLATION}).",
            ),
            Option(
                text="A small harm fits these runs as well as a clear gain.",
                right=True,
                why="That is what the interval says, and more seeds would narrow it. One seed "
                "would have given one number, without a sign of how much in it is chance.",
            ),
        ),
    ),
    Question(
        text="With all techniques switched on, the PSNR of held-out pictures rises. Does that show "
        "that the game has become fair?",
        options=(
            Option(
                text="Yes: only a fair game gives G gradients from which it can learn.",
                why="L1 gives it gradients without any game. A G that learns from L1 alone, with "
                "no D at all, has about the same PSNR (lesson 02, section 7).",
            ),
            Option(
                text="No: PSNR compares with the clean picture and asks D nothing.",
                right=True,
                why="How even the game is, D's accuracy on held-out pictures tells. A D that has "
                "won, or lost, can go with any PSNR.",
            ),
            Option(
                text="Yes, since the pictures were held out.",
                why="That shows that G restores pictures which it hasn't seen. About who is ahead "
                f"in the game it shows nothing ({ABLATION}).",
            ),
            Option(
                text="No: in a fair game the PSNR falls.",
                why="It may fall, where D draws G away from what L1 asks for, or rise. Neither "
                f"shows how the game stands ({ABLATION}).",
            ),
        ),
    ),
)
