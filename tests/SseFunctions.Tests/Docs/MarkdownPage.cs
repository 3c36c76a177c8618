using System.Text.RegularExpressions;
using Markdig;
using Markdig.Extensions.AutoIdentifiers;
using Markdig.Renderers.Html;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;
using SseFunctions.Tests.Infrastructure;

namespace SseFunctions.Tests.Docs;

/// <summary>The README, or a page of docs/, as GitHub reads it.</summary>
internal sealed partial class MarkdownPage
{
    private static readonly MarkdownPipeline GitHub = new MarkdownPipelineBuilder()
        .UsePipeTables()
        .UseAutoIdentifiers(AutoIdentifierOptions.GitHub)
        .Build();

    private readonly MarkdownDocument document;

    private MarkdownPage(string path)
    {
        Path = path;
        Text = Repository.Read(path).ReplaceLineEndings("\n");
        document = Markdown.Parse(Text, GitHub);
    }

    /// <summary>All of them.</summary>
    public static IReadOnlyList<MarkdownPage> All { get; } =
    [
        Read("README.md"),
        .. Directory.EnumerateFiles(System.IO.Path.Combine(Repository.Root, "docs"), "*.md").Order(StringComparer.Ordinal)
            .Select(file => Read(System.IO.Path.GetRelativePath(Repository.Root, file))),
    ];

    /// <summary>From the repository's root.</summary>
    public string Path { get; }

    public string Text { get; }

    /// <summary>The targets of its links and pictures.</summary>
    public IEnumerable<string> Links => document.Descendants<LinkInline>().Select(link => link.Url ?? "")
        .Concat(document.Descendants<HtmlBlock>().SelectMany(html => Source().Matches(html.Lines.ToString())).Select(match => match.Groups["file"].Value));

    /// <summary>The anchors of its headings.</summary>
    public IEnumerable<string> Anchors => document.Descendants<HeadingBlock>().Select(heading => heading.GetAttributes().Id ?? "");

    /// <summary>The languages of its code blocks; "" for a block without one.</summary>
    public IEnumerable<string> Languages => document.Descendants<CodeBlock>().Select(block => (block as FencedCodeBlock)?.Info ?? "");

    public static MarkdownPage Read(string path) => new(path);

    /// <summary>What stands below a heading of the second level.</summary>
    public string Section(string heading) => Text.Split($"\n## {heading}\n")[1].Split("\n## ")[0];

    /// <summary>The code blocks of a language.</summary>
    public IEnumerable<string> Code(string language) => document.Descendants<FencedCodeBlock>()
        .Where(block => block.Info == language)
        .Select(block => block.Lines.ToString());

    [GeneratedRegex(@"\b(?:src|srcset)=""(?<file>[^""]+)""")]
    private static partial Regex Source();
}
