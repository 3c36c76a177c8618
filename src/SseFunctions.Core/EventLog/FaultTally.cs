namespace SseFunctions.EventLog;

/// <summary>
/// Makes few lines in the log of many faults of one kind: one at once for the first, and then at most one an interval, the last of
/// them when the interval ends.
/// </summary>
internal sealed class FaultTally(TimeSpan interval, TimeProvider time) : IDisposable
{
    /// <summary>Of faults that clients or a storage that is down may cause by the thousand.</summary>
    public static readonly TimeSpan UsualInterval = TimeSpan.FromMinutes(1);

    private readonly Lock gate = new();

    /// <summary>Runs while faults have come within the interval.</summary>
    private ITimer? timer;
    private Action<int>? last;

    /// <summary>Faults since the last line.</summary>
    private int faults;

    /// <summary>Takes note of a fault.</summary>
    /// <param name="log">Writes its line; given the number of faults since the last line, this one included.</param>
    public void Add(Action<int> log)
    {
        lock (gate)
        {
            faults++;
            last = log;
            if (timer is not null)
                return; // the end of the interval logs it

            timer = time.CreateTimer(_ => OnIntervalEnd(), null, interval, interval);
        }

        Log();
    }

    public void Dispose()
    {
        lock (gate)
            timer?.Dispose();
    }

    private void OnIntervalEnd()
    {
        lock (gate)
        {
            if (faults == 0)
            {
                timer?.Dispose();
                timer = null;
            }
        }

        Log();
    }

    private void Log()
    {
        Action<int>? log;
        int count;
        lock (gate)
            (log, count, faults) = (last, faults, 0);

        if (count > 0)
            log?.Invoke(count);
    }
}
