using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace SseFunctions.EventLog;

/// <summary>A publisher's append on its way: all of it goes into one transaction, which it may share with others.</summary>
internal sealed class PendingAppend(Append append, RetryBudget retry)
{
    private readonly Lazy<byte[]> hash = new(() => HashOf(append));
    private readonly TaskCompletionSource<AppendResult> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public IReadOnlyList<NewEvent> Events => append.Events;

    public string? IdempotencyKey => append.IdempotencyKey;

    /// <summary>Whether its transaction ends the topic. Nothing shares the transaction after it.</summary>
    public bool CompletesTopic => append.CompletesTopic;

    /// <summary>SHA-256 of the events' types and data, and of whether they end the topic: what an append with the same key must have as well.</summary>
    public byte[] Hash => hash.Value;

    /// <summary>How long it may be tried, counted from when it came.</summary>
    public RetryBudget Retry => retry;

    public Task<AppendResult> Answer => answer.Task;

    /// <summary>Whether its publisher no longer waits for the answer.</summary>
    public bool IsAbandoned { get; set; }

    /// <summary>Operations of the transaction: an event each, and one for the key.</summary>
    public int Operations { get; } = append.Events.Count + (append.IdempotencyKey is null ? 0 : 1);

    public int DataBytes { get; } = append.Events.Sum(newEvent => newEvent.Data.Length);

    public void Settle(AppendResult result) => answer.TrySetResult(result);

    public void Fail(Exception ex)
    {
        answer.TrySetException(ex);
        _ = answer.Task.Exception; // its publisher may have left: nobody else needs to know
    }

    /// <summary>The answer to an append with the same key, when this one's is known.</summary>
    /// <returns>Null when that is not known: this one has failed, or had another body than the first.</returns>
    public AppendResult? AnswerTo(PendingAppend repeat)
    {
        if (!Answer.IsCompletedSuccessfully)
            return null;

        var result = Answer.Result;
        return result.Outcome switch
        {
            AppendOutcome.TopicComplete => result,
            AppendOutcome.KeyReused => null,
            _ => Hash.AsSpan().SequenceEqual(repeat.Hash) ? result with { Outcome = AppendOutcome.Repeated } : AppendResult.Nothing(AppendOutcome.KeyReused, result.Epoch),
        };
    }

    /// <summary>Each part with its length before it: no two appends have the same bytes.</summary>
    private static byte[] HashOf(Append append)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> length = stackalloc byte[sizeof(int)];
        foreach (var newEvent in append.Events)
        {
            var type = newEvent.Type is null ? null : Encoding.UTF8.GetBytes(newEvent.Type);
            BinaryPrimitives.WriteInt32LittleEndian(length, type?.Length ?? -1);
            hash.AppendData(length);
            hash.AppendData(type ?? []);
            BinaryPrimitives.WriteInt32LittleEndian(length, newEvent.Data.Length);
            hash.AppendData(length);
            hash.AppendData(newEvent.Data.Span);
        }

        if (append.CompletesTopic)
            hash.AppendData("complete"u8);

        return hash.GetHashAndReset();
    }
}
