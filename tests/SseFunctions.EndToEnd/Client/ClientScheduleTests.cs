using System.Text;
using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd.Client;

/// <summary>
/// client.js in tabs that share, under thousands of schedules drawn at random, for which a browser would need hours: node/schedules.mjs.
/// A schedule that fails can be run again by its number.
/// </summary>
public sealed class ClientScheduleTests
{
    private const int Schedules = 500;

    public static TheoryData<int> First => [.. Enumerable.Range(0, Thoroughness.Choose(brief: 1, full: 16)).Select(part => part * Schedules)];

    [Theory]
    [MemberData(nameof(First))]
    public async Task Each_tab_gets_every_event_once_and_is_told_of_each_gap_whatever_the_order_of_what_happens(int first) =>
        Assert.Equal($"No fault in {Schedules} schedules\n", await RunAsync(first, Schedules, ClientFileTests.Source("client.js")));

    [SkippableTheory]
    [InlineData("has || !isSame[i]", "has")] // a leader goes ahead to a tab in a log of which it has not heard
    [InlineData("sameLog(cursor, told.after).includes(false)", "false")] // a tab in another log than its leader goes on as if it were the same
    [InlineData("leader = 0; // which", "// which")] // a page that slept goes on with its leader as if it had not
    [InlineData("position = mix(stays, position, data.cursor); // the older of each", "")] // a leader does not go back
    [InlineData("if (!moved.has(false) && (moved.size || !reset))", "if (false)")] // a tab takes again what it has had
    public async Task Schedules_find_what_is_wrong_in_a_client(string right, string wrong)
    {
        Skip.IfNot(Thoroughness.IsFull, Thoroughness.LongOnlyInFull);
        var client = ClientFileTests.Source("client.js");
        Assert.Contains(right, client, StringComparison.Ordinal);

        Assert.StartsWith("Schedule ", await RunAsync(0, 2_000, client.Replace(right, wrong, StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    private static Task<string> RunAsync(int first, int count, string client) =>
        NodeFolder.RunAsync(Encoding.UTF8.GetBytes(client), "schedules.mjs", $"{first}", $"{count}");
}
