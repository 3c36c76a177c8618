using System.Buffers;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;
using SseFunctions.EventLog;
using SseFunctions.Streaming;

namespace SseFunctions.Api;

/// <summary>A page of events as JSON. It is written event by event, from the bytes that all readers share.</summary>
/// <param name="invocationCancelled">Fires at functionTimeout, when the request's own token does not.</param>
internal sealed class HistoryAnswer(Topic topic, HistoryPage page, bool mayBeCached, AnswerWriter answers, CancellationToken invocationCancelled) : IResult
{
    /// <summary>For an hour: a topic that is deleted is not to live on in caches for longer.</summary>
    private const string Cached = "public, max-age=3600, immutable";

    /// <summary>What the writer may hold before the client has to take it.</summary>
    private const int FlushBytes = ClientWriter.MaxWriteBytes;

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
            await answers.WriteAsync(httpContext, WriteAsync, invocationCancelled);
    }

    /// <summary>The events of a page that stays as it is are known by their ids.</summary>
    private EntityTagHeaderValue EntityTag => new($"\"{page.Next}.{page.Events.FirstOrDefault().Sequence}.{page.Events.LastOrDefault().Sequence}.{page.Events.Count}\"");

    private async ValueTask WriteAsync(ClientWriter client)
    {
        var buffer = new ArrayBufferWriter<byte>(FlushBytes);
        await using var json = new Utf8JsonWriter(buffer, HistoryJson.Options);
        json.WriteStartObject();
        json.WriteStartArray("events");
        foreach (var stored in page.Events)
        {
            HistoryJson.Write(json, stored);
            if (buffer.WrittenCount + json.BytesPending < FlushBytes)
                continue;

            await FlushAsync();
            if (client.IsClosed)
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
        await FlushAsync();

        async ValueTask FlushAsync()
        {
            json.Flush();
            await client.WriteAsync(buffer.WrittenMemory);
            buffer.ResetWrittenCount();
        }
    }
}
