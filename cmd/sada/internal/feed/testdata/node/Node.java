import org.codelibs.opensearch.runner.OpenSearchRunner;

/** One OpenSearch node on the loopback address: Node PORT FOLDER. It ends when its standard input does. */
public class Node {
    public static void main(String[] args) throws Exception {
        OpenSearchRunner runner = new OpenSearchRunner();
        runner.onBuild((number, settings) -> {
            settings.put("http.port", args[0]);
            settings.put("network.host", "127.0.0.1");
            settings.put("discovery.type", "single-node");
        }).build(OpenSearchRunner.newConfigs().numOfNode(1).basePath(args[1]).clusterName("sada-test"));
        System.out.println("ready");
        while (System.in.read() >= 0) {
        }
        runner.close();
    }
}
