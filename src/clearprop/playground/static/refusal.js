// What was refused, said in the language of the page.
import { make } from "./dom.js";
import { say, spoken } from "./words.js";

// The error of an answer that is a refusal.
export const refusal = ({ message, language }) => Object.assign(new Error(message), { language });

// Its words. What only English has words for is introduced in the page's language; `place` is where it was asked.
export function refused({ message, language = spoken() }, place) {
  return language === spoken() ? [message] : [say("refused_at", { place }), " ", make("span", { lang: language }, message)];
}
