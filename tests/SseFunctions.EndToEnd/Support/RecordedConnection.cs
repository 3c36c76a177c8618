using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace SseFunctions.EndToEnd.Support;

/// <summary>What was asked and answered on a connection; a byte is a character.</summary>
internal sealed partial class RecordedConnection
{
    private readonly StringBuilder asked = new();
    private readonly StringBuilder answered = new();

    public string Answered => answered.ToString();

    /// <summary>Requests of which the head has come.</summary>
    public int RequestCount { get; private set; }

    public void AddAsked(byte[] bytes)
    {
        asked.Append(Encoding.Latin1.GetString(bytes));
        RequestCount = Head().Count(asked.ToString());
    }

    public void AddAnswered(byte[] bytes) => answered.Append(Encoding.Latin1.GetString(bytes));

    /// <summary>Forgets what was not passed on.</summary>
    public void EndAnswer(int length) => answered.Length = length;

    public RecordedRequest Request(int index)
    {
        var head = Head().Matches(asked.ToString())[index];
        var statuses = Status().Matches(Answered);
        return new(
            head.Groups["target"].Value,
            LastEventId().Match(head.Value) is { Success: true } id ? id.Groups["id"].Value : null,
            index < statuses.Count ? int.Parse(statuses[index].Groups["status"].Value, CultureInfo.InvariantCulture) : null);
    }

    [GeneratedRegex(@"(?:GET|HEAD|OPTIONS) (?<target>\S+) HTTP/1\.1\r\n(?:[^\r\n]+\r\n)*\r\n")]
    private static partial Regex Head();

    [GeneratedRegex(@"\r\nlast-event-id: (?<id>[^\r\n]*)\r\n", RegexOptions.IgnoreCase)]
    private static partial Regex LastEventId();

    [GeneratedRegex(@"HTTP/1\.1 (?<status>[0-9]{3}) ")]
    private static partial Regex Status();
}
