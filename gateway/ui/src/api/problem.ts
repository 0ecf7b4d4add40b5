/** What the platform says when something went wrong (RFC 9457). */
export class Problem extends Error {
  readonly status: number;
  readonly title: string;
  readonly errorId: string | null;

  constructor(status: number, title: string, detail: string, errorId: string | null = null) {
    super(detail);
    this.status = status;
    this.title = title;
    this.errorId = errorId;
  }

  /** Read a problem from an answer, whatever a proxy in between made of it. */
  static async of(answer: Response): Promise<Problem> {
    const fallback = new Problem(answer.status, "The platform did not answer as expected", `HTTP status ${answer.status}.`);
    if (!answer.headers.get("content-type")?.includes("json")) return fallback;
    try {
      const body = (await answer.json()) as Record<string, unknown>;
      return new Problem(answer.status, text(body["title"], fallback.title), text(body["detail"], fallback.message), text(body["error_id"], null));
    } catch {
      return fallback;
    }
  }
}

/** Say in words of this page what a failed call was, where it is no Problem yet. */
export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof TypeError) {
    return new Problem(0, "The platform cannot be reached", "Check the connection to this site, then try again.");
  }
  return new Problem(0, "This page failed", error instanceof Error ? error.message : String(error));
}

function text<Fallback extends string | null>(value: unknown, fallback: Fallback): string | Fallback {
  return typeof value === "string" && value !== "" ? value : fallback;
}
