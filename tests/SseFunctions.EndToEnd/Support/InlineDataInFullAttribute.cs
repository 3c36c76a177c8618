using System.Reflection;
using SseFunctions.TestSupport;
using Xunit.Sdk;

namespace SseFunctions.EndToEnd.Support;

/// <summary>As <see cref="InlineDataAttribute"/>, of a case of which every run does others of its kind: it is there with SSE_THOROUGH=1 only.</summary>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
public sealed class InlineDataInFullAttribute(params object[] data) : DataAttribute
{
    public override IEnumerable<object[]> GetData(MethodInfo testMethod) => Thoroughness.IsFull ? [data] : [];
}
