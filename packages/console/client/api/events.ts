/** Server-sent events of the API, until the returned function is called. The browser connects again by itself. */
export interface EventListeners {
  /** `data` is what the server has sent as JSON. */
  readonly onEvent: (name: string, data: any) => void
  /** The connection is lost; `isOver` when the browser does not try again. */
  readonly onError?: (isOver: boolean) => void
  /** The names that the server sends beside `message`. */
  readonly names?: readonly string[]
}

export function followEvents(path: string, { onEvent, onError, names = [] }: EventListeners): () => void {
  const source = new EventSource(path)
  for (const name of ['message', ...names])
    source.addEventListener(name, (event) => onEvent(name, JSON.parse((event as MessageEvent<string>).data)))
  source.addEventListener('error', () => onError?.(source.readyState === EventSource.CLOSED))
  return () => source.close()
}
