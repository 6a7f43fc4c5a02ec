// What the page's scripts find beside the browser's own things.
declare var gxModules: (...names: string[]) => Promise<any[]>;
interface Window {
  gradio_config: any;
  Plotly: any;
}
// What an event happens to is an element here, and a scene's element knows its scene.
interface EventTarget {
  closest?: (selectors: string) => any;
}
interface Element {
  genaiScene?: any;
  click?: () => void;
  focus?: (options?: FocusOptions) => void;
}
