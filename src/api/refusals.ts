const header = (description: string, schema: Record<string, unknown>) => ({
  ...{ description, required: true, schema },
});
/** The header that every response has. */
export const REQUEST_ID = {
  "X-Request-Id": header("The request's id: the caller's own, if it is sound, or a fresh one", {
    type: "string",
  }),
};
const RETRY_AFTER = { "Retry-After": header("Seconds after which to try again", { type: "string" }) };

const AUTHENTICATE = { "WWW-Authenticate": header("How to show a key", { type: "string" }) };

/** What a refusal says, by its status; the names are those of the document's components. */
const REFUSALS = {
  400: { name: "Malformed", description: "The request cannot be read as what it claims to be" },
  401: { name: "Unauthorized", description: "The operation needs a key", headers: AUTHENTICATE },
  403: { name: "Forbidden", description: "Not for this caller, or not here" },
  404: { name: "NotFound", description: "There is no such thing, as there is none of a malformed id" },
  408: { name: "Timeout", description: "What was to come of the body did not, in time" },
  409: { name: "Conflict", description: "The object's state does not allow it" },
  410: { name: "Expired", description: "The upload has expired" },
  412: { name: "WrongProtocol", description: "Tus-Resumable must be 1.0.0" },
  413: { name: "TooLarge", description: "More bytes, or more images, than are accepted" },
  415: { name: "UnsupportedMediaType", description: "The Content-Type is none of those accepted" },
  416: { name: "RangeNotSatisfiable", description: "The range is outside the file" },
  421: { name: "Misdirected", description: "Without keys only the server's own names are answered to" },
  422: { name: "Invalid", description: "It can be read, but is wrong; every mistake is in `errors`" },
  423: { name: "Locked", description: "Another request is writing to the upload" },
  429: {
    name: "TooMany",
    description: "As many wait as may, or as many were asked for as the rate allows",
    headers: RETRY_AFTER,
  },
  500: {
    name: "Internal",
    description: "A fault of the server, which its log describes under the request's id",
  },
  501: { name: "NotSupported", description: "An extension of tus that this server has not" },
  503: { name: "NotReady", description: "What it needs is not up", headers: RETRY_AFTER },
  504: { name: "Overdue", description: "It was not done in the time that a request may take" },
  507: { name: "DiskFull", description: "There is no room for it" },
};
type Status = keyof typeof REFUSALS;

/** The document's `components.responses`: problem details (RFC 9457). */
export const refusalResponses = Object.values(REFUSALS).map(({ name, description, ...rest }) => ({
  name,
  response: {
    description,
    headers: { ...REQUEST_ID, ...("headers" in rest ? rest.headers : {}) },
    content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
  },
}));

/** The refusals that an operation can answer with, for its `responses`; that of a fault of ours (500) goes without saying. */
export function refusals<S extends Status>(...statuses: S[]): Record<S, { $ref: string }> {
  const entries = statuses.map((
    status,
  ) => [status, { $ref: `#/components/responses/${REFUSALS[status].name}` }]);
  return Object.fromEntries(entries);
}
