using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;
using SseFunctions.EventLog;
using SseFunctions.Streaming;

namespace SseFunctions.Api;

/// <summary>A page of events as JSON. It is written event by event, from the bytes that all readers share.</summary>
internal sealed class HistoryAnswer(Topic topic, HistoryPage page, bool mayBeCached) : IResult
{
    /// <summary>For an hour: a topic that is deleted is not to live on in caches for longer.</summary>
    private const string Cached = "public, max-age=3600, immutable";

    /// <summary>What the writer may hold before the client has to take it.</summary>
    private const int FlushBytes = 16 * 1024;

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var (request, response) = (httpContext.Request, httpContext.Response);
        response.Headers.XContentTypeOptions = "nosniff";
        if (mayBeCached)
        {
            response.Headers.CacheControl = Cached;
            response.Headers.ETag = EntityTag.ToString();
            if (request.GetTypedHeaders().IfNoneMatch.Any(tag => tag.Compare(EntityTagHeaderValue.Any, useStrongComparison: false) || tag.Compare(EntityTag, useStrongComparison: false)))
            {
                response.StatusCode = StatusCodes.Status304NotModified;
                return;
            }
        }

        response.ContentType = "application/json; charset=utf-8";
        if (!HttpMethods.IsHead(request.Method))
            await WriteAsync(httpContext);
    }

    /// <summary>The events of a page that stays as it is are known by their ids.</summary>
    private EntityTagHeaderValue EntityTag => new($"\"{page.Next}.{page.Events.FirstOrDefault().Sequence}.{page.Events.LastOrDefault().Sequence}.{page.Events.Count}\"");

    private async Task WriteAsync(HttpContext context)
    {
        var output = context.Response.BodyWriter;
        await using var json = new Utf8JsonWriter(output, HistoryJson.Options);
        var flushed = 0L;
        json.WriteStartObject();
        json.WriteStartArray("events");
        foreach (var stored in page.Events)
        {
            HistoryJson.Write(json, stored);
            if (json.BytesCommitted + json.BytesPending - flushed < FlushBytes)
                continue;

            await json.FlushAsync(CancellationToken.None);
            flushed = json.BytesCommitted;
            if ((await output.FlushAsync(CancellationToken.None)).IsCompleted)
                return; // the client has left, which is no failure
        }

        json.WriteEndArray();
        json.WriteString("next", page.Next?.ToString());
        if (page.Gap is { } gap)
        {
            json.WritePropertyName("reset");
            json.WriteRawValue(SseFrame.ResetData(topic, gap), skipInputValidation: true);
        }

        json.WriteEndObject();
        await json.FlushAsync(CancellationToken.None);
    }
}
