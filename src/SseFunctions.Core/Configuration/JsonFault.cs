using System.Text.Json;

namespace SseFunctions.Configuration;

/// <summary>What is wrong with a JSON file, in one line.</summary>
internal static class JsonFault
{
    /// <param name="file">The file's name.</param>
    /// <param name="ex">What reading it threw.</param>
    public static string Describe(string file, Exception ex)
    {
        if (ex.GetBaseException() is not JsonException json)
            return $"{file} cannot be read: {ex.GetBaseException().Message}";

        // The library counts from 0. Its message may quote the file, which has secrets.
        return $"{file} is not JSON: line {json.LineNumber + 1}, byte {json.BytePositionInLine + 1}.";
    }
}
