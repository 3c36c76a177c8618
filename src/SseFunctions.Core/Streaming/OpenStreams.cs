namespace SseFunctions.Streaming;

/// <summary>
/// The streams of this process. So many may stay (<see cref="StreamOptions.MaxStreams"/>); as many again may get what there
/// is; those beyond, and those of a client that has too many, are turned away before they cost anything.
/// </summary>
internal sealed class OpenStreams(StreamOptions options)
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, int> perClient = [];
    private int held;
    private int open;

    /// <summary>How many stay.</summary>
    public int Count => Volatile.Read(ref held);

    /// <param name="token">Identifies the request's token; null without one.</param>
    /// <param name="address">The client's address; null when it is not known.</param>
    public StreamPlace Enter(string? token = null, string? address = null)
    {
        var (tokenKey, addressKey) = (Key("token ", token, options.MaxStreamsPerToken), Key("address ", address, options.MaxStreamsPerAddress));
        lock (gate)
        {
            if (open >= options.MaxOpenStreams || IsFull(tokenKey, options.MaxStreamsPerToken) || IsFull(addressKey, options.MaxStreamsPerAddress))
                return new StreamPlace(StreamAdmission.TurnedAway);

            var isHeld = held < options.MaxStreams;
            Change(tokenKey, addressKey, isHeld, 1);
            return new StreamPlace(isHeld ? StreamAdmission.Held : StreamAdmission.CatchUp, this, tokenKey, addressKey);
        }
    }

    /// <summary>Gives a place back; <see cref="StreamPlace"/> does it once.</summary>
    public void Leave(string? tokenKey, string? addressKey, bool isHeld)
    {
        lock (gate)
            Change(tokenKey, addressKey, isHeld, -1);
    }

    private static string? Key(string kind, string? name, int limit) => name is null || limit == 0 ? null : kind + name;

    private bool IsFull(string? key, int limit) => key is not null && perClient.GetValueOrDefault(key) >= limit;

    private void Change(string? tokenKey, string? addressKey, bool isHeld, int by)
    {
        open += by;
        held += isHeld ? by : 0;
        foreach (var key in (ReadOnlySpan<string?>)[tokenKey, addressKey])
        {
            if (key is not null && (perClient[key] = perClient.GetValueOrDefault(key) + by) == 0)
                perClient.Remove(key);
        }
    }
}
