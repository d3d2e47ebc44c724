// Package report makes the HTML pages of a finished run: what was grouped, why, and in how much doubt.
//
//  1. [Load] reads the tables of a run folder.
//  2. [New] chooses what gets a page of its own, and names the pages whose texts it needs.
//  3. [Site.Write] writes the pages in Arabic and in English; [Site.ServeHTTP] shows the same ones.
//  4. [Labeller] shows the pairs or clusters of a sample, blind, and appends what is said to a labels file.
//
// All data goes through html/template. A page is complete without its script, makes no request but
// for its own style sheet, and stays under [MaxPageBytes] with at most [MaxRows] rows a list.
package report
