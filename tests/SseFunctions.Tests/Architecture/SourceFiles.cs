using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace SseFunctions.Tests.Architecture;

/// <summary>Which file of some source knows which other, as the compiler sees it: by every name that is declared in another file.</summary>
/// <param name="uses">The files that a file knows.</param>
internal sealed class SourceFiles(IReadOnlyDictionary<string, HashSet<string>> uses)
{
    /// <summary>The SDK's implicit usings.</summary>
    private const string ImplicitUsings = """
        global using System; global using System.Collections.Generic; global using System.IO; global using System.Linq;
        global using System.Net.Http; global using System.Threading; global using System.Threading.Tasks;
        """;

    private static readonly MetadataReference[] References =
        [.. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!)
            .Split(Path.PathSeparator)
            .Where(path => !Path.GetFileName(path).StartsWith("SseFunctions", StringComparison.Ordinal))
            .Select(path => MetadataReference.CreateFromFile(path))];

    public IEnumerable<(string From, string To)> Arrows => uses.SelectMany(file => file.Value.Select(used => (file.Key, used)));

    /// <param name="files">Path and text of each file.</param>
    public static SourceFiles Read(IEnumerable<(string Path, string Text)> files)
    {
        var options = new CSharpParseOptions(LanguageVersion.Preview);
        var trees = files.Select(file => CSharpSyntaxTree.ParseText(file.Text, options, file.Path)).ToList();
        var compilation = CSharpCompilation.Create(
            "Source",
            trees.Append(CSharpSyntaxTree.ParseText(ImplicitUsings, options)),
            References,
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, allowUnsafe: true));
        return new SourceFiles(trees.ToDictionary(tree => tree.FilePath, tree => UsedBy(tree, compilation)));
    }

    /// <summary>Files each of which leads to each other: the circles of more than <paramref name="allowed"/> files.</summary>
    public IReadOnlyList<string[]> Circles(int allowed)
    {
        var reached = uses.Keys.ToDictionary(file => file, Reach);
        return [.. uses.Keys
            .Select(file => reached[file].Where(other => reached[other].Contains(file)).Order().ToArray())
            .Where(circle => circle.Length > allowed)
            .DistinctBy(circle => string.Join(' ', circle))];
    }

    /// <summary>All files to which the arrows of a file lead, itself among them when it is in a circle.</summary>
    private HashSet<string> Reach(string file)
    {
        var reached = new HashSet<string>();
        var next = new Stack<string>(uses[file]);
        while (next.TryPop(out var other))
        {
            if (reached.Add(other))
            {
                foreach (var further in uses[other])
                    next.Push(further);
            }
        }

        return reached;
    }

    private static HashSet<string> UsedBy(SyntaxTree tree, CSharpCompilation compilation)
    {
        var model = compilation.GetSemanticModel(tree);
        return tree.GetRoot()
            .DescendantNodes()
            .Where(node => node is SimpleNameSyntax or BaseObjectCreationExpressionSyntax or ElementAccessExpressionSyntax)
            .Select(node => model.GetSymbolInfo(node))
            .SelectMany(info => info.Symbol is null ? info.CandidateSymbols : [info.Symbol])
            .Where(symbol => symbol is not INamespaceSymbol)
            .SelectMany(symbol => symbol.OriginalDefinition.DeclaringSyntaxReferences)
            .Select(declaration => declaration.SyntaxTree.FilePath)
            .Where(path => path.Length > 0 && path != tree.FilePath)
            .ToHashSet();
    }
}
