using System.Globalization;

namespace SseFunctions.EndToEnd.UnderFire;

internal enum FireFaultKind
{
    /// <summary>A host is killed (SIGKILL), and started again when the time is over.</summary>
    HostKilled,

    /// <summary>Azurite stops, in the middle of what it is asked, and is started again on its files when the time is over.</summary>
    StorageStopped,

    /// <summary>What one host asks of storage comes late, and some of it is lost, refused or done without an answer.</summary>
    StorageInTrouble,

    /// <summary>What one host writes to the change feed is lost, and answered all the same.</summary>
    HintsLost,

    /// <summary>Connections between clients and one host break, each after some bytes more.</summary>
    ConnectionsCut,
}

/// <summary>Something that goes wrong.</summary>
/// <param name="At">When, after the phase's start.</param>
/// <param name="Kind">What.</param>
/// <param name="Instance">Where; both where storage stops.</param>
/// <param name="Duration">How long it lasts; no time where connections are cut.</param>
/// <param name="Percent">Of a host's calls to storage, or of its connections, how many it meets.</param>
/// <param name="Seed">What draws which of them.</param>
internal sealed record FireFault(TimeSpan At, FireFaultKind Kind, int Instance, TimeSpan Duration, int Percent, int Seed)
{
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{At.TotalSeconds,6:f1} s  {Kind} of instance {Instance}, for {Duration.TotalSeconds:f1} s, {Percent} %");
}
