/** What every scenario returns, and `main.ts` prints. */
export interface Outcome {
  readonly tenants: number
  readonly rounds: number
  readonly ratios: Record<string, number>
  readonly spread: Record<string, [number, number]>
  readonly figures: Record<string, unknown>
}
