namespace SseFunctions.EndToEnd.Support;

[CollectionDefinition(ProxiedTarget.Collection)]
public sealed class ProxiedTargetCollection : ICollectionFixture<ProxiedTarget>;
