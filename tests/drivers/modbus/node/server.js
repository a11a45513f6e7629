// A Modbus TCP server out of modbus-serial, for the tests: unit 1, the same values as libmodbus_server.c.
// Usage: node server.js; prints "ready PORT"; ends with its standard input.
"use strict";
const ServerTCP = require("modbus-serial/servers/servertcp");
const ADDRESSES = 600;

const within = (address, value) => {
    if (address >= ADDRESSES) {
        const error = new Error("illegal data address");
        error.modbusErrorCode = 2;
        throw error;
    }
    return value;
};
const server = new ServerTCP({
    getCoil: (address) => within(address, address % 3 === 0),
    getDiscreteInput: (address) => within(address, address % 5 === 0),
    getHoldingRegister: (address) => within(address, 7 * address + 1),
    getInputRegister: (address) => within(address, 65535 - 11 * address),
}, { host: "127.0.0.1", port: 0, unitID: 1, debug: false });
server.on("initialized", () => console.log(`ready ${server._server.address().port}`));
server.on("socketError", (error) => console.error(error));
process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
