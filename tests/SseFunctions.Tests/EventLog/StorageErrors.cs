using System.Net;
using System.Text;
using System.Text.Json;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.EventLog;

/// <summary>Error answers as the table service gives them, which Azurite cannot be brought to give.</summary>
internal static class StorageErrors
{
    public static async Task ReplyAsync(StorageCall call, int status, string code, string message = "A message of the service.")
    {
        var error = new Dictionary<string, object> { ["odata.error"] = new { code, message = new { lang = "en-US", value = message } } };
        using var answer = new HttpResponseMessage((HttpStatusCode)status)
        {
            Content = new StringContent(JsonSerializer.Serialize(error), Encoding.UTF8, "application/json"),
        };
        answer.Headers.Add("x-ms-error-code", code);
        await call.ReplyAsync(answer);
    }
}
