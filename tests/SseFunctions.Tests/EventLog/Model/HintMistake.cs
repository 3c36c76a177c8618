namespace SseFunctions.Tests.EventLog.Model;

/// <summary>A protocol of hints that is not this code's: the explorer must find what it breaks.</summary>
internal enum HintMistake
{
    None,

    /// <summary>The hint goes out before the commit.</summary>
    HintBeforeCommit,

    /// <summary>And the reader takes it for the truth.</summary>
    HintAdoptedWithoutRows,

    /// <summary>And the reader takes the rows that are not there yet for expired.</summary>
    MissingTakenForExpired,

    /// <summary>Two writers have one page, which each replaces.</summary>
    SharedPage,

    /// <summary>The page of a flush without an answer is flushed again under the same name, and the lost request undoes what came after it.</summary>
    SamePageAgain,

    /// <summary>The reader does not heed that the topic has ended.</summary>
    EndUnheeded,

    /// <summary>The reader was silent for so long that it does not read what came meanwhile, and goes on.</summary>
    GapUnnoticed,

    /// <summary>Nobody looks at a head without a hint.</summary>
    NoLook,
}
