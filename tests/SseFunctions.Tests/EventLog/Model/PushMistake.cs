namespace SseFunctions.Tests.EventLog.Model;

/// <summary>A way to give new events to readers that is not this code's: the explorer must find what it breaks.</summary>
internal enum PushMistake
{
    None,

    /// <summary>What a round has given counts as pushed when the round is over, whichever log is known by then.</summary>
    PushedAfterRound,

    /// <summary>Another log takes over what of the old one was pushed.</summary>
    PushedOfOldLog,

    /// <summary>A reader that writes by itself just now is not woken.</summary>
    LockedReaderForgotten,

    /// <summary>A reader that is elsewhere than the round is not woken.</summary>
    OtherCursorForgotten,

    /// <summary>What has come during a round is forgotten when it is over.</summary>
    SignalClearedByRound,

    /// <summary>A reader that is woken before it waits is not woken.</summary>
    WakeClearedByWait,

    /// <summary>A poll answers a reader that has come after it.</summary>
    TicketUnheeded,
}
