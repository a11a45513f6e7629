/** The contract by name.  `schema.ts` is generated from the API's own OpenAPI document: `npm run types`. */
import type { components } from "./schema";

type Schemas = components["schemas"];

export type Text = Schemas["Text"];
export type Problem = Schemas["Problem"];
export type Health = Schemas["Health"];
export type Session = Schemas["Session"];
export type Person = Schemas["Person"];
export type Chemical = Schemas["Chemical"];
export type Source = Schemas["Source"];
export type Limits = Schemas["Limits"];
export type Tag = Schemas["Tag"];
export type Trend = Schemas["Trend"];
export type Suppression = Schemas["SuppressionDto"];
export type Alarm = Schemas["Alarm"];
export type AlarmDetail = Schemas["AlarmDetail"];
export type Interlock = Schemas["Interlock"];
export type Equipment = Schemas["Equipment"];
export type Device = Schemas["Device"];
export type Channel = Schemas["Channel"];
export type JournalRow = Schemas["JournalRow"];
export type JournalPage = Schemas["JournalPage"];
export type Push = Schemas["Push"];
export type StreamTags = Schemas["StreamTags"];
export type StreamAlarm = Schemas["StreamAlarm"];
export type StreamAlarms = Schemas["StreamAlarms"];

export type StreamMessage = StreamTags | StreamAlarm | StreamAlarms;
export type Quality = Tag["quality"];
export type ServiceStatus = Health["status"];
export type LinkState = Device["state"];
export type PushStatus = Push["status"];
