using System.Text.Json;
using System.Text.RegularExpressions;

namespace SseFunctions.Access;

/// <summary>
/// A pattern of topics in which the name of a claim in braces stands for its value: <c>users.{oid}</c>. After the braces stands '.', or
/// nothing: by <c>users.{oid}*</c> or <c>{a}-{b}</c> a value would reach to the topics of another that begins with it.
/// </summary>
internal static partial class TopicTemplate
{
    /// <summary>Whether it is a pattern once each claim has a value.</summary>
    public static bool IsTemplate(string text) => TopicPatterns.IsPattern(Claim().Replace(text, "a"));

    /// <returns>Null where a claim has no value that can stand in it: then the token gets nothing by it.</returns>
    public static string? Fill(string template, JsonElement claims)
    {
        var isFilled = true;
        var pattern = Claim().Replace(template, match =>
        {
            var value = JwtText.Text(claims, match.Groups["name"].Value) ?? "";
            isFilled &= Value().IsMatch(value);
            return value;
        });
        return isFilled && TopicPatterns.IsPattern(pattern) ? pattern : null;
    }

    [GeneratedRegex(@"\{(?<name>[^{}\s,]+)\}(?=\.|\z)")]
    private static partial Regex Claim();

    /// <summary>No '.' and no '*': a value must not reach beyond its place in the name, such as from users.{oid} to another user's topics.</summary>
    [GeneratedRegex(@"\A[A-Za-z0-9_-]+\z")]
    private static partial Regex Value();
}
