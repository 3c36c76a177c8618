namespace SseFunctions.EndToEnd;

[CollectionDefinition(ProxiedTarget.Collection)]
public sealed class ProxiedTargetCollection : ICollectionFixture<ProxiedTarget>;
