// An OPC UA server that is not asyncua's, for tests: node server.js PORT COUNT MAX_NODES_PER_READ
// Variables s=V0 ... of namespace urn:test:node: V<i> Double i + 0.5, every third Boolean, every tenth of status Uncertain,
// all with picoseconds.  Each line NAME VALUE on standard input sets one; what it says on standard output is lines of JSON.
const readline = require("node:readline");
const { DataType, MessageSecurityMode, SecurityPolicy, StatusCodes } = require("node-opcua-client");
const { OPCUACertificateManager } = require("node-opcua-certificate-manager");
const { OPCUAServer } = require("node-opcua-server");

async function main() {
  const [port, count, most] = process.argv.slice(2, 5).map(Number);
  const secured = process.argv[5] === "secured"; // then one more endpoint for each mode, for the user reader only
  const server = new OPCUAServer({
    port,
    hostname: "127.0.0.1",
    host: "127.0.0.1",
    alternateHostname: ["127.0.0.1"],
    resourcePath: "/node",
    allowAnonymous: !secured,
    securityModes: [MessageSecurityMode.None, ...(secured ? [MessageSecurityMode.Sign, MessageSecurityMode.SignAndEncrypt] : [])],
    securityPolicies: [
      SecurityPolicy.None,
      ...(secured ? [SecurityPolicy.Basic256Sha256, SecurityPolicy.Aes128_Sha256_RsaOaep, SecurityPolicy.Aes256_Sha256_RsaPss] : []),
    ],
    ...(secured
      ? {
          serverCertificateManager: new OPCUACertificateManager({ automaticallyAcceptUnknownCertificate: true }),
          userManager: { isValidUser: (name, password) => name === "reader" && password === "Schiffsbug-17" },
        }
      : {}),
    serverCapabilities: { operationLimits: { maxNodesPerRead: most, maxMonitoredItemsPerCall: most } },
  });
  await server.initialize();
  const space = server.engine.addressSpace;
  const namespace = space.registerNamespace("urn:test:node");
  const variables = new Map();
  for (let at = 0; at < count; at += 1) {
    const discrete = at % 3 === 0;
    const variable = namespace.addVariable({
      organizedBy: space.rootFolder.objects,
      browseName: `V${at}`,
      nodeId: `s=V${at}`,
      dataType: discrete ? "Boolean" : "Double",
      minimumSamplingInterval: 50,
    });
    const dataType = discrete ? DataType.Boolean : DataType.Double;
    const status = at % 10 === 0 ? StatusCodes.Uncertain : StatusCodes.Good;
    variable.setValueFromSource({ dataType, value: discrete ? at % 2 === 1 : at + 0.5 }, status);
    variables.set(`V${at}`, { variable, dataType });
  }
  await server.start();
  console.log(JSON.stringify({ listening: port }));
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const [name, value] = line.split(" ");
    const { variable, dataType } = variables.get(name);
    const sourceTimestamp = new Date();
    variable.setValueFromSource({ dataType, value: Number(value) }, StatusCodes.Good, sourceTimestamp);
    console.log(JSON.stringify({ set: name, at_ms: sourceTimestamp.getTime() }));
  }
  await server.shutdown(10);
  process.exit(0);
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
