import type { Reject as AReject } from "../../../change.ts";
import type { ColumnSource as AColumnSource, Counts as ACounts, Outcome as AnOutcome } from "../../event.ts";
import type {
  PageChange as APageChange,
  PageEnd as APageEnd,
  PageHeader as APageHeader,
  PageLists as APageLists,
  PageRecord as APageRecord,
  RawValue as ARawValue,
} from "../data.ts";

/** What the scripts share with the program: types alone. This file is not part of the page. */
declare global {
  type PageHeader = APageHeader;
  type PageEnd = APageEnd;
  type PageChange = APageChange;
  type PageLists = APageLists;
  type PageRecord = APageRecord;
  type RawValue = ARawValue;
  type Reject = AReject;
  type ColumnSource = AColumnSource;
  type Counts = ACounts;
  type Outcome = AnOutcome;
}
