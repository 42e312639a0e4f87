import type { SyncEvent } from "./event.ts";

/**
 * An event whose words hold no secret: those of servers, who may repeat what they were sent. What is data (changes, keys, DNs)
 * stays as it is, whatever it looks like.
 */
export function safeEvent(event: SyncEvent, safe: (text: string) => string): SyncEvent {
  switch (event.type) {
    case "info":
    case "detail":
    case "notice":
    case "warning":
      return { ...event, message: safe(event.message) };
    case "retry":
      return { ...event, reason: safe(event.reason) };
    case "reject":
      return { ...event, reject: { ...event.reject, reason: safe(event.reject.reason) } };
    case "unknown":
      return { ...event, unknown: { ...event.unknown, reason: safe(event.unknown.reason) } };
    default:
      return event;
  }
}
