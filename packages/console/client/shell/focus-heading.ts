/** Moves the focus to the heading of a new page, so that a screen reader begins there and the next Tab is in the page. */

/** A page whose code is still on its way has its heading later. */
const longestMs = 3000

export function focusHeading(): void {
  const before = document.querySelector('main h1')
  const asked = document.activeElement
  const until = performance.now() + longestMs
  const look = (): void => {
    // An operator who has moved on meanwhile is left alone.
    if (document.activeElement !== asked && document.activeElement !== document.body) return
    const heading = document.querySelector<HTMLElement>('main h1')
    if (heading !== null && (heading !== before || performance.now() > until - longestMs + 200)) {
      heading.tabIndex = -1
      heading.focus({ preventScroll: true })
    } else if (performance.now() < until) requestAnimationFrame(look)
  }
  requestAnimationFrame(look)
}
