namespace SseFunctions.EndToEnd.UnderFire;

/// <summary>
/// All that goes wrong in a run: what, when and where, drawn from a seed before it begins. In a first phase all of it happens
/// everywhere, so that the second finds processes that have met it before: their memory must not grow any more. For that
/// one host, the witness, outlives the second phase.
/// </summary>
/// <param name="Witness">The instance that is not killed in the second phase.</param>
/// <param name="Rehearsal">The first phase, in the order of time.</param>
/// <param name="Fire">The second.</param>
internal sealed record FireSchedule(int Witness, IReadOnlyList<FireFault> Rehearsal, IReadOnlyList<FireFault> Fire)
{
    /// <summary>The first phase's part of the time, and its longest time: what has not been met by then comes as well in the second.</summary>
    private const double RehearsalShare = 0.4;
    private static readonly TimeSpan MaxRehearsal = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan MinGap = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan MaxGap = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan MaxDowntime = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan MaxTrouble = TimeSpan.FromSeconds(5);

    /// <summary>Long enough for a hint to be lost.</summary>
    private static readonly TimeSpan MinLoss = TimeSpan.FromSeconds(1);

    public static FireSchedule Draw(int seed, TimeSpan length)
    {
        var random = new Random(seed);
        var witness = random.Next(Deployment.Instances);
        var rehearsal = TimeSpan.FromTicks(Math.Min((long)(length.Ticks * RehearsalShare), MaxRehearsal.Ticks));
        (FireFaultKind, int)[] each =
        [
            .. from instance in Enumerable.Range(0, Deployment.Instances)
               from kind in (FireFaultKind[])[FireFaultKind.HostKilled, FireFaultKind.StorageInTrouble, FireFaultKind.HintsLost, FireFaultKind.ConnectionsCut]
               select (kind, instance),
            (FireFaultKind.StorageStopped, witness),
        ];
        random.Shuffle(each);
        // The witness's life begins before the others' troubles.
        each = [.. each.OrderByDescending(fault => fault == (FireFaultKind.HostKilled, witness))];
        return new(witness, Phase(random, rehearsal, witness, each), Phase(random, length - rehearsal, witness, []));
    }

    private static List<FireFault> Phase(Random random, TimeSpan length, int witness, (FireFaultKind Kind, int Instance)[] certain)
    {
        var faults = new List<FireFault>();
        for (var at = Between(random, MinGap, MaxGap); at < length || faults.Count < certain.Length; at += Between(random, MinGap, MaxGap))
        {
            var (kind, instance) = faults.Count < certain.Length ? certain[faults.Count] : Any(random, witness);
            faults.Add(new FireFault(at, kind, instance, Duration(random, kind), random.Next(10, 60), random.Next()));
        }

        return faults;
    }

    private static (FireFaultKind Kind, int Instance) Any(Random random, int witness)
    {
        var instance = random.Next(Deployment.Instances);
        return random.Next(20) switch
        {
            0 => (FireFaultKind.StorageStopped, instance),
            < 4 => (FireFaultKind.HostKilled, (witness + 1) % Deployment.Instances),
            < 9 => (FireFaultKind.StorageInTrouble, instance),
            < 12 => (FireFaultKind.HintsLost, instance),
            _ => (FireFaultKind.ConnectionsCut, instance),
        };
    }

    private static TimeSpan Duration(Random random, FireFaultKind kind) => kind switch
    {
        FireFaultKind.StorageInTrouble => Between(random, TimeSpan.Zero, MaxTrouble),
        FireFaultKind.HintsLost => Between(random, MinLoss, MaxTrouble),
        _ => Between(random, TimeSpan.Zero, MaxDowntime),
    };

    private static TimeSpan Between(Random random, TimeSpan min, TimeSpan max) => min + (random.NextDouble() * (max - min));
}
