using System.Text.Json;
using SseFunctions.WorkerHost.Rpc;

namespace SseFunctions.WorkerHost;

/// <summary>A function as the worker has described it.</summary>
internal sealed class FunctionDefinition
{
    private readonly RpcFunctionMetadata metadata;

    public FunctionDefinition(RpcFunctionMetadata metadata)
    {
        this.metadata = metadata;
        Trigger = metadata.RawBindings.Select(TriggerBinding.Read).Single(binding => binding.Type.EndsWith("Trigger", StringComparison.Ordinal));
    }

    public string Name => metadata.Name;

    public TriggerBinding Trigger { get; }

    /// <summary>What has the worker load it; its name serves as its id.</summary>
    public FunctionLoadRequest LoadRequest()
    {
        var request = new FunctionLoadRequest
        {
            FunctionId = Name,
            Metadata = new RpcFunctionMetadata { Name = Name, ScriptFile = metadata.ScriptFile, EntryPoint = metadata.EntryPoint },
        };
        foreach (var raw in metadata.RawBindings)
        {
            var binding = JsonDocument.Parse(raw).RootElement;
            request.Metadata.Bindings.Add(binding.GetProperty("name").GetString(), new BindingInfo
            {
                Type = binding.GetProperty("type").GetString(),
                Direction = Enum.Parse<BindingInfo.Types.Direction>(binding.GetProperty("direction").GetString()!, ignoreCase: true),
            });
        }

        return request;
    }
}
