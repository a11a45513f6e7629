// Reads nodes of an OPC UA server and tells what it cost: for the benchmark.
// node client.js ENDPOINT NAMESPACE FIRST COUNT PER_READ; then each line ROUNDS on standard input reads every node so often
// and answers with a line of JSON: CPU microseconds of this process, values read, and the last value.
const readline = require("node:readline");
const { AttributeIds, MessageSecurityMode, OPCUAClient, SecurityPolicy, TimestampsToReturn } = require("node-opcua-client");

async function main() {
  const [endpoint, namespace, first, count, perRead] = process.argv.slice(2);
  const client = OPCUAClient.create({
    endpointMustExist: false,
    securityMode: MessageSecurityMode.None,
    securityPolicy: SecurityPolicy.None,
    connectionStrategy: { maxRetry: 1 },
    keepSessionAlive: false,
    clientCertificateManager: undefined,
  });
  await client.connect(endpoint);
  const session = await client.createSession();
  const nodes = Array.from({ length: Number(count) }, (_, at) => ({
    nodeId: `ns=${namespace};i=${Number(first) + at}`,
    attributeId: AttributeIds.Value,
  }));
  const requests = [];
  for (let begin = 0; begin < nodes.length; begin += Number(perRead)) {
    requests.push(nodes.slice(begin, begin + Number(perRead)));
  }
  const readAll = async () => {
    let last;
    for (const nodesToRead of requests) {
      const values = await session.read(nodesToRead);
      last = values[values.length - 1].value.value;
    }
    return last;
  };
  console.log(JSON.stringify({ ready: true }));
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const rounds = Number(line);
    const begun = process.cpuUsage();
    let last;
    for (let round = 0; round < rounds; round += 1) last = await readAll();
    const used = process.cpuUsage(begun);
    console.log(JSON.stringify({ cpu_us: used.user + used.system, values: rounds * nodes.length, last }));
  }
  await session.close();
  await client.disconnect();
  process.exit(0);
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
