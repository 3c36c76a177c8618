using System.Net.Mime;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace SseFunctions.Pages;

/// <summary>The demo page, from the assembly's resources.</summary>
internal static class DemoPage
{
    public static IResult Result { get; } = TypedResults.Text(Load("demo.html"), MediaTypeNames.Text.Html, Encoding.UTF8);

    private static string Load(string name)
    {
        using var resource = typeof(DemoPage).Assembly.GetManifestResourceStream(name)!;
        using var reader = new StreamReader(resource, Encoding.UTF8);
        return reader.ReadToEnd();
    }
}
