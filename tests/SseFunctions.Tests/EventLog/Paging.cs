using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using SseFunctions.EventLog;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.EventLog;

/// <summary>
/// Answers queries as the real table service may, and Azurite does not: in pages of any size, empty ones among them.
/// learn.microsoft.com/rest/api/storageservices/query-timeout-and-pagination
/// </summary>
internal static class Paging
{
    private const string NextPartition = "x-ms-continuation-NextPartitionKey";
    private const string NextRow = "x-ms-continuation-NextRowKey";

    /// <summary>Passes on the first rows of an answer, with a token for the rest.</summary>
    public static Func<StorageCall, Task> InPagesOf(int rows) => async call =>
    {
        using var answer = await call.ForwardAsync();
        var page = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
        var values = page["value"]!.AsArray();
        if (values.Count <= rows)
        {
            await call.ReplyAsync(answer);
            return;
        }

        var next = values[rows]!;
        var token = (next["PartitionKey"]?.GetValue<string>() ?? TopicRows.Partition, next["RowKey"]!.GetValue<string>());
        while (values.Count > rows)
            values.RemoveAt(rows);

        await ReplyAsync(call, page.ToJsonString(), token);
    };

    /// <summary>A page without rows, and a token for all of them.</summary>
    public static Func<StorageCall, Task> EmptyBefore(string partition, string row) => call =>
        ReplyAsync(call, """{"value":[]}""", (partition, row));

    private static async Task ReplyAsync(StorageCall call, string json, (string Partition, string Row) next)
    {
        using var answer = new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent(json, Encoding.UTF8, "application/json") };
        answer.Headers.Add(NextPartition, Token(next.Partition));
        answer.Headers.Add(NextRow, Token(next.Row));
        await call.ReplyAsync(answer);
    }

    /// <summary>As Azurite makes them: the key to go on from.</summary>
    private static string Token(string key) => Convert.ToBase64String(Encoding.UTF8.GetBytes(key));
}
