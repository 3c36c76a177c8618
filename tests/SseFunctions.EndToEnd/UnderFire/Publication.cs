using System.Text;

namespace SseFunctions.EndToEnd.UnderFire;

/// <summary>What one request publishes: events whose data is their name and some filling.</summary>
/// <param name="Topic">The topic.</param>
/// <param name="Names">The events'; several go as one batch.</param>
/// <param name="FillingBytes">Of each event.</param>
internal sealed record Publication(string Topic, IReadOnlyList<string> Names, int FillingBytes)
{
    /// <summary>The same for every try, so that a repeat is known.</summary>
    public string Key => $"{Topic}/{Names[0]}";

    public HttpRequestMessage Request(Uri baseAddress)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri(baseAddress, $"events/{Topic}"));
        request.Headers.Add("Idempotency-Key", Key);
        var lines = Names.Select(name => Names.Count == 1 ? Data(name, FillingBytes) : $$"""{"data":"{{Data(name, FillingBytes)}}"}""");
        request.Content = new StringContent(string.Join('\n', lines), Encoding.UTF8, Names.Count == 1 ? "text/plain" : "application/x-ndjson");
        return request;
    }

    /// <summary>The name of an event that a reader has got; null when its data is not whole.</summary>
    public static string? NameOf(string data, int fillingBytes)
    {
        // What an ndjson line has as a string is JSON to the reader.
        var text = data.StartsWith('"') && data.EndsWith('"') ? data[1..^1] : data;
        var name = text.Split(' ')[0];
        return text == Data(name, fillingBytes) ? name : null;
    }

    private static string Data(string name, int fillingBytes) => $"{name} {new string('x', fillingBytes)}";
}
