"""Five questions on lesson 02."""

from course_lib.checks.questions import Option, Question

QUIZ = (
    Question(
        text="In lesson 01 nothing asked G for the scene of its rainy picture. What changes when D "
        "sees the rainy picture beside the one that it judges?",
        options=(
            Option(
                text="G learns from the rainy picture, which it didn't get before.",
                why="G has always had the rainy picture as its input. What is new is that D sees "
                "it as well (section 1).",
            ),
            Option(
                text="D measures how far the restored picture is from the clean one.",
                why="D never sees these two together: it gets rainy and clean, or rainy and "
                "restored. The distance between restored and clean is L1's business (section 4).",
            ),
            Option(
                text="D can learn to tell a G that answers every rainy picture with the same "
                "perfect photograph.",
                right=True,
                why="Such fakes don't go with their rainy pictures, and D sees both. It learns to "
                "ask for this scene as soon as fakes lack it; as long as none does, it doesn't "
                "(section 5).",
            ),
            Option(
                text="D has three channels more to look at, but the same question to answer.",
                why="The question is another one: not whether this is a photograph, but whether it "
                "is the photograph behind this rain (section 1).",
            ),
        ),
    ),
    Question(
        text="Six halvings make a single point of a crop of 64×64. What do a U-Net's skip "
        "connections carry past it?",
        options=(
            Option(
                text="Where the edges and textures of the rainy picture are.",
                right=True,
                why="The outermost skip has half the picture's height and width, where an edge "
                "still has its place. In a single point places are lost.",
            ),
            Option(
                text="The details of the clean picture that L1 compares with.",
                why="G never sees the clean picture; only the loss does. All that G has comes from "
                "the rainy one (section 2).",
            ),
            Option(
                text="Gradients, so that they matter in training and can be left out afterwards.",
                why="Gradients do pass through them, but so do the activations that the decoder "
                "draws from. Without them G draws another picture (section 2).",
            ),
            Option(
                text="The rain as well.",
                right=True,
                why="A skip hands on what it finds and doesn't know a drop's rim from a roof's. To "
                "leave the rain out is what the layers behind it have to learn.",
            ),
        ),
    ),
    Question(
        text="Why does Pix2Pix let D judge patches of 70×70 pixels, and not the picture as a "
        "whole?",
        options=(
            Option(
                text="The large shapes can be left to L1; D is there for what L1 blurs, and that "
                "shows in a patch.",
                right=True,
                why="L1 gets brightness, colours and coarse shapes right. Whether a texture is "
                "sharp and real can be seen from near by, so a patch is enough for D.",
            ),
            Option(
                text="With hundreds of verdicts, their mean is smaller, so that D can't win.",
                why="The mean of many losses is as large as the losses are. D can win against G "
                "patch by patch as well (section 3).",
            ),
            Option(
                text="It costs sharpness, but a D of patches has fewer weights.",
                why="Fewer weights it has. But blur shows within a few pixels, so sharpness is the "
                "very thing that patches judge best (section 3).",
            ),
            Option(
                text="So D looks at the middle of the picture, where the subject is.",
                why="The same weights slide over the whole picture: each verdict has a patch of "
                "its own, and nearly all pixels lie in many patches (section 3).",
            ),
        ),
    ),
    Question(
        text="You multiply λ by ten, and leave everything else as it was. What do you expect?",
        options=(
            Option(
                text="Sharper pictures, because they have to match the truth pixel by pixel.",
                why="They would, if G could know the truth. Where it can't, the smallest L1 lies "
                "in the middle of all plausible answers, and that is a blur (section 7).",
            ),
            Option(
                text="The same pictures: Adam divides by the size of the gradients.",
                why="That undoes a factor in front of the whole loss. λ stands in front of one "
                "term, and changes which of the two decides the direction (section 4).",
            ),
            Option(
                text="A stronger D, which finds more faults.",
                why="λ isn't in D's loss at all. It only changes how much G listens to D "
                "(section 4).",
            ),
            Option(
                text="Smoother pictures: D's verdict counts for less beside L1.",
                right=True,
                why="Where G is unsure, L1 draws it to the middle of the plausible answers, and "
                "the pull towards a crisp one is now ten times weaker in comparison.",
            ),
        ),
    ),
    Question(
        text="Your trained U-Net has batch norm and dropout. You restore a photograph with it and "
        "forget `generator.eval()`. What happens?",
        options=(
            Option(
                text="Its weights move a little with each picture.",
                why="Only an optimizer moves weights. What a call in train mode does move are the "
                "running statistics of batch norm (section 9).",
            ),
            Option(
                text="Restored twice, the photograph comes out different.",
                right=True,
                why="Dropout still drops numbers at random, others in each call.",
            ),
            Option(
                text="Nothing: eval mode only saves the memory for gradients.",
                why="That is what `torch.no_grad()` does. Eval mode changes what dropout and batch "
                "norm compute (section 9).",
            ),
            Option(
                text="Batch norm takes mean and variance of this photograph.",
                right=True,
                why="In train mode its statistics are the batch's, here a batch of one. Those "
                "gathered in training stay unused. Isola et al. do so on purpose, and say so.",
            ),
        ),
    ),
)
